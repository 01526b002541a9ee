/**
 * Every command, as data: help, the manual, parsing, completion and dispatch read this table. Cheap to import; what a
 * command does is imported when it runs.
 */
import { automationCommands } from './automation-commands.js'
import { exitCodes } from '../base/deploy-error.js'
import type { CommandSpec } from './command.js'
import { hostCommands } from './host-commands.js'
import { runningCommands } from './running-commands.js'
import { serviceCommands } from './service-commands.js'
import { deployOptions, hostOptions, leftoversOption, serviceOption, toOption } from './options.js'

const { busy, changesPending, declined, stuck, unwound } = exitCodes
const deployExits = [busy, unwound, stuck, declined, 129, 130, 143] as const

export const commands: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'write a commented deploy.yaml to begin with',
    description: 'Writes deploy.yaml (or --file) for a target and a source of your choice. Never overwrites.',
    words: [],
    options: [
      {
        key: 'target',
        long: '--target',
        placeholder: 'KIND',
        kind: 'choice',
        choices: ['directory', 'container', 'process'],
        description: 'where the service runs: directory, container or process (default: directory)',
      },
      {
        key: 'source',
        long: '--source',
        placeholder: 'KIND',
        kind: 'choice',
        choices: ['directory', 'npm', 'git', 'github', 'oci', 'http', 's3', 'gcs'],
        description:
          'where releases come from: directory, npm, git, github, oci, http, s3 or gcs (default: directory; oci for a container)',
      },
    ],
    examples: [
      { line: 'init --source npm', does: 'deploy a package of an npm registry into a folder' },
      { line: 'init --target container', does: 'copies of an image behind HAProxy' },
    ],
    exits: [],
    load: async () => (await import('./commands/init.js')).init,
  },
  {
    name: 'validate',
    summary: 'check deploy.yaml and show every problem at once',
    description:
      'Checks deploy.yaml for one environment: every problem in one go, with the lines it is about.',
    words: [],
    options: [
      {
        key: 'showMerged',
        long: '--show-merged',
        kind: 'flag',
        description: 'print the result of merging the environment over the project',
      },
    ],
    examples: [{ line: 'validate --env production --show-merged', does: 'see what production really is' }],
    exits: [],
    load: async () => (await import('./commands/validate.js')).validate,
  },
  {
    name: 'plan',
    summary: 'show what apply would do, and what would undo it',
    description:
      'Compares deploy.yaml with what is recorded and what is really there, and prints the steps between them, each ' +
      'with what undoes it. Changes nothing.',
    words: [],
    options: [
      serviceOption,
      ...hostOptions,
      {
        key: 'out',
        long: '--out',
        short: '-o',
        placeholder: 'FILE',
        kind: 'text',
        description: 'save the plan, to be applied exactly as it is',
        completes: 'files',
      },
      {
        key: 'detailedExitcode',
        long: '--detailed-exitcode',
        kind: 'flag',
        description: 'exit 2 when there are changes, 0 when there are none',
      },
    ],
    examples: [
      { line: 'plan --env production --out release.plan', does: 'save it for a review' },
      { line: 'plan --detailed-exitcode', does: 'ask in a script whether anything is pending' },
    ],
    exits: [changesPending, busy, stuck, declined],
    load: async () => (await import('./commands/plan.js')).plan,
  },
  {
    name: 'apply',
    summary: 'carry out the plan; when a step fails, undo everything',
    description:
      'Plans, shows the plan, asks, and carries it out. When a step fails, or on Ctrl-C, everything that was begun is ' +
      'undone and the old releases serve. With FILE, applies exactly that saved plan, without a question.',
    words: [{ name: 'FILE', required: false, description: 'a plan saved by plan --out', completes: 'files' }],
    options: [serviceOption, ...hostOptions, ...deployOptions],
    examples: [
      { line: 'apply --env staging', does: 'deploy what deploy.yaml asks for' },
      { line: 'apply release.plan', does: 'deploy exactly what was reviewed' },
      { line: 'apply --auto-approve --json', does: 'deploy from a pipeline' },
    ],
    exits: deployExits,
    load: async () => (await import('./commands/apply.js')).apply,
  },
  {
    name: 'rollback',
    summary: 'go back to an earlier release and stay there',
    description:
      'Plans the way to the previous good release, or to the one named, and carries it out as apply does. Where there ' +
      'are several services, --service says which. Each is pinned to where it went, and the release it left is held, ' +
      'so that nothing brings that one back by itself.',
    words: [],
    options: [toOption, serviceOption, ...deployOptions],
    examples: [
      { line: 'rollback --to v1.0.1', does: 'go back to v1.0.1' },
      { line: 'rollback --service web', does: 'only web, to its previous good release' },
    ],
    exits: deployExits,
    load: async () => (await import('./commands/rollback.js')).rollback,
  },
  {
    name: 'status',
    summary: 'what serves, since when, and whether it is as recorded',
    description:
      'Shows every service with its release, drift, pins and holds, who is deploying, and what was interrupted.',
    words: [],
    options: [
      {
        key: 'watch',
        long: '--watch',
        short: '-w',
        kind: 'flag',
        description: 'go on, and show it again whenever something has changed',
      },
    ],
    examples: [
      { line: 'status --env production', does: 'see what serves in production' },
      { line: 'status --watch', does: 'look on while an agent works' },
    ],
    exits: [],
    load: async () => (await import('./commands/status.js')).status,
  },
  {
    name: 'history',
    summary: 'the deployments of an environment, newest first',
    description: 'Lists who deployed what, when, and how it ended.',
    words: [],
    options: [
      {
        key: 'limit',
        long: '--limit',
        short: '-n',
        placeholder: 'N',
        kind: 'count',
        description: 'at most this many (default: 20)',
      },
    ],
    examples: [{ line: 'history --limit 5', does: 'the last five deployments' }],
    exits: [],
    load: async () => (await import('./commands/history.js')).history,
  },
  {
    name: 'show',
    summary: 'the whole story of one deployment',
    description:
      'Shows the plan, the steps with their times, the outcome, and what was seen when something failed.',
    words: [{ name: 'ID', required: true, description: 'a deployment, as history lists it' }],
    options: [],
    examples: [{ line: 'show 7f3a9c', does: 'what happened in deployment 7f3a9c' }],
    exits: [],
    load: async () => (await import('./commands/show.js')).show,
  },
  {
    name: 'releases',
    summary: 'the releases there are, and which can be rolled back to',
    description: 'Lists what the sources offer and what lies on the targets, with holds and pins.',
    words: [{ name: 'SERVICE', required: false, description: 'only this service', completes: 'services' }],
    options: [],
    examples: [{ line: 'releases web', does: 'the releases of web' }],
    exits: [],
    load: async () => (await import('./commands/releases.js')).releases,
  },
  {
    name: 'recover',
    summary: 'finish or undo a deployment that was interrupted',
    description:
      'After a power cut or kill -9: --resume carries on from the journal, --unwind goes back to the old world. With ' +
      'neither, asks on a terminal; elsewhere says what is there.',
    words: [],
    options: [
      { key: 'resume', long: '--resume', kind: 'flag', description: 'carry on to the end' },
      { key: 'unwind', long: '--unwind', kind: 'flag', description: 'undo everything that was begun' },
      leftoversOption,
      ...deployOptions.filter(({ key }) => key === 'lockTimeoutMs' || key === 'quiet'),
    ],
    examples: [{ line: 'recover --unwind', does: 'go back to what served before' }],
    exits: deployExits,
    load: async () => (await import('./commands/recover.js')).recover,
  },
  {
    name: 'unlock',
    summary: 'remove a lock whose holder is gone',
    description:
      'Removes the lock of an environment, by its id; or what a deployment has claimed on hosts and engines, by the id of ' +
      'the deployment. The refusal names either, and says whose it is. It is for a holder on another machine: whether ' +
      'that still works cannot be told from here. What is known to work is not removed.',
    words: [{ name: 'ID', required: true, description: 'the id of the lock, or of the deployment' }],
    options: [],
    examples: [
      { line: 'unlock 5f0c21aa', does: 'remove the lock with this id, or the claims of this deployment' },
    ],
    exits: [busy],
    load: async () => (await import('./commands/unlock.js')).unlock,
  },
  ...serviceCommands,
  ...runningCommands,
  ...automationCommands,
  ...hostCommands,
  {
    name: 'cache',
    summary: 'what was fetched and is kept: list, prune, verify',
    description:
      'list shows what lies in the cache, and which recorded releases need it. prune removes what is beyond the limits ' +
      'under cache: in deploy.yaml, as every deployment does when it is done; never what a recorded release or an ' +
      'unfinished deployment needs. verify reads everything again, removes what is broken, and exits with 1 if anything was.',
    words: [
      {
        name: 'ACTION',
        required: true,
        description: 'list, prune or verify',
        choices: ['list', 'prune', 'verify'],
      },
    ],
    options: [],
    examples: [
      { line: 'cache list', does: 'see what takes how much room' },
      { line: 'cache verify', does: 'find what rotted on disk' },
    ],
    exits: [],
    load: async () => (await import('./commands/cache.js')).cache,
  },
  {
    name: 'schema',
    summary: 'print the JSON schema of deploy.yaml',
    description: 'Prints the JSON schema (draft-07) of deploy.yaml, for editors.',
    words: [],
    options: [],
    examples: [{ line: 'schema > deploy.schema.json', does: 'keep it beside deploy.yaml' }],
    exits: [],
    load: async () => (await import('./commands/schema.js')).schema,
  },
  {
    name: 'completion',
    summary: 'print a completion script for your shell',
    description: 'Prints a script that completes commands, options, environments and services.',
    words: [
      { name: 'SHELL', required: true, description: 'bash, zsh or fish', choices: ['bash', 'zsh', 'fish'] },
    ],
    options: [],
    examples: [
      { line: 'completion bash > /etc/bash_completion.d/deployctl', does: 'for bash' },
      { line: 'completion fish > ~/.config/fish/completions/deployctl.fish', does: 'for fish' },
    ],
    exits: [],
    load: async () => (await import('./commands/completion.js')).completion,
  },
  {
    name: 'version',
    summary: 'print the version',
    description: 'Prints the version of deployctl.',
    words: [],
    options: [],
    examples: [{ line: 'version --json', does: 'for programs' }],
    exits: [],
    load: async () => (await import('./commands/version.js')).version,
  },
]

export function findCommand(name: string): CommandSpec | undefined {
  return commands.find((command) => command.name === name)
}
