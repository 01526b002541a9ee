/**
 * The agent, and the words of people that stand above it, as rows of the command table: pin, hold, freeze and their
 * opposites. Apart because they are a subject of their own.
 */
import { exitCodes } from '../base/deploy-error.js'
import type { CommandSpec } from './command.js'
import { reasonOption } from './options.js'

const { busy, stuck } = exitCodes

export const automationCommands: readonly CommandSpec[] = [
  {
    name: 'pin',
    summary: 'keep a service at a release',
    description: 'Keeps a service at a version (the active one unless given) until it is unpinned.',
    words: [
      { name: 'SERVICE', required: true, description: 'the service', completes: 'services' },
      { name: 'VERSION', required: false, description: 'the version (default: the active one)' },
    ],
    options: [
      {
        key: 'reason',
        long: '--reason',
        placeholder: 'TEXT',
        kind: 'text',
        description: 'why; shown wherever the pin matters',
        required: true,
      },
    ],
    examples: [{ line: 'pin web --reason "launch week"', does: 'keep web where it is' }],
    exits: [busy, stuck],
    load: async () => (await import('./commands/pin.js')).pin,
  },
  {
    name: 'unpin',
    summary: 'let a service move again',
    description: 'Removes the pin of a service: the next apply deploys what deploy.yaml asks for.',
    words: [{ name: 'SERVICE', required: true, description: 'the service', completes: 'services' }],
    options: [],
    examples: [{ line: 'unpin web', does: 'let web follow deploy.yaml again' }],
    exits: [busy, stuck],
    load: async () => (await import('./commands/unpin.js')).unpin,
  },
  {
    name: 'hold',
    summary: 'keep a release from being deployed by itself',
    description:
      'Holds a release, by its digest: no agent and no apply takes it, until it is let go or a person names its service. ' +
      'What runs goes on; rollback goes back from it.',
    words: [
      { name: 'SERVICE', required: true, description: 'the service', completes: 'services' },
      { name: 'VERSION', required: false, description: 'the version (default: the active one)' },
    ],
    options: [reasonOption],
    examples: [
      { line: 'hold web 1.5.0 --reason "breaks the import"', does: 'never deploy v1.5.0 by itself' },
    ],
    exits: [busy, stuck],
    load: async () => (await import('./commands/hold.js')).hold,
  },
  {
    name: 'unhold',
    summary: 'let a held release be deployed again',
    description:
      'Lifts the holds of a version, or all of a service: those of releases that failed or were rolled back as well.',
    words: [
      { name: 'SERVICE', required: true, description: 'the service', completes: 'services' },
      { name: 'VERSION', required: false, description: 'the version (default: all that are held)' },
    ],
    options: [],
    examples: [{ line: 'unhold web 1.5.0', does: 'let v1.5.0 be deployed again' }],
    exits: [busy, stuck],
    load: async () => (await import('./commands/unhold.js')).unhold,
  },
  {
    name: 'freeze',
    summary: 'let nothing be deployed by itself for a while',
    description:
      'No agent deploys a release to the environment until it is unfrozen, or for a time. People may, and their plans ' +
      'say that it is frozen. Drift is put right all the same.',
    words: [],
    options: [
      reasonOption,
      {
        key: 'forMs',
        long: '--for',
        placeholder: 'TIME',
        kind: 'duration',
        description: 'thaw by itself after this time (default: when it is unfrozen)',
      },
    ],
    examples: [{ line: 'freeze --for 3d --reason "sale week"', does: 'nothing by itself for three days' }],
    exits: [busy, stuck],
    load: async () => (await import('./commands/freeze.js')).freeze,
  },
  {
    name: 'unfreeze',
    summary: 'let agents deploy again',
    description: 'Ends a freeze.',
    words: [],
    options: [],
    examples: [{ line: 'unfreeze --env production', does: 'let releases go to production again' }],
    exits: [busy, stuck],
    load: async () => (await import('./commands/unfreeze.js')).unfreeze,
  },
  {
    name: 'agent',
    summary: 'deploy by itself whatever is due, for as long as it runs',
    description:
      'Watches the sources and the targets of one environment, and carries out what deployctl apply would, within what ' +
      'deploy.yaml says under agent:. Ends on a signal; what runs goes on. With ACTION, speaks to the agent that runs: ' +
      'status says what it does, check lets it look now, pause and resume stop and start it, reload lets it read ' +
      'deploy.yaml again, logs shows its last lines. Where none runs, check says what one would decide, logs what the ' +
      'last one said, and pause and resume are for the next one.',
    words: [
      {
        name: 'ACTION',
        required: false,
        description: 'status, check, pause, resume, reload or logs',
        choices: ['status', 'check', 'pause', 'resume', 'reload', 'logs'],
      },
    ],
    options: [
      {
        key: 'logFormat',
        long: '--log-format',
        placeholder: 'FORMAT',
        kind: 'choice',
        choices: ['json', 'text'],
        description: 'json, one object a line, or text for people (default: json)',
      },
      {
        key: 'reason',
        long: '--reason',
        placeholder: 'TEXT',
        kind: 'text',
        description: 'why it is paused',
      },
      { key: 'follow', long: '--follow', kind: 'flag', description: 'go on with the lines to come' },
    ],
    examples: [
      { line: 'agent --env production', does: 'deploy to production by itself' },
      { line: 'agent pause --reason "database move"', does: 'let it do nothing until agent resume' },
      { line: 'agent logs --follow --log-format text', does: 'look on' },
    ],
    exits: [busy],
    load: async () => (await import('./commands/agent.js')).agent,
  },
]
