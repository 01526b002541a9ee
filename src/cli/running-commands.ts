/** What a person says to a deployment that runs in another process, and what stands in front of services: rows of the command table. */
import { exitCodes } from '../base/deploy-error.js'
import type { CommandSpec, WordSpec } from './command.js'
import type { OptionSpec } from './options.js'

const { stuck } = exitCodes

const deploymentWord: WordSpec = {
  name: 'DEPLOYMENT',
  required: false,
  description: 'its id, or how that begins (default: the one that is under way)',
}
const approvedWord: WordSpec = {
  name: 'WHAT',
  required: false,
  description: 'a deployment, a service, or the digest of a release (default: what waits)',
}
const whyOption: OptionSpec = {
  key: 'reason',
  long: '--reason',
  placeholder: 'TEXT',
  kind: 'text',
  description: 'why; it goes on record',
}

export const runningCommands: readonly CommandSpec[] = [
  {
    name: 'approve',
    summary: 'let go on, or begin, what waits for a person',
    description:
      'Says yes to the step of a deployment that waits for it, such as the approval of a canary, or to a release that an ' +
      'agent with mode: approve has found. It happens in the process that waits; who approved it, when and why is on record.',
    words: [approvedWord],
    options: [
      {
        key: 'step',
        long: '--step',
        placeholder: 'ID',
        kind: 'text',
        description: 'the step, where several wait or none waits yet',
      },
      whyOption,
    ],
    examples: [
      { line: 'approve --env production', does: 'let the canary go on' },
      { line: 'approve 7f3a9c --reason "errors are flat"', does: 'the same, by its id and with a reason' },
      { line: 'approve web --env production', does: 'let the agent deploy what it found for web' },
    ],
    exits: [stuck],
    load: async () => (await import('./commands/approve.js')).approve,
  },
  {
    name: 'abort',
    summary: 'end a deployment that is under way, and undo it',
    description:
      'Tells a deployment in another process to end and to undo everything that was begun, as Ctrl-C in its terminal ' +
      'would. Its releases are held: nothing deploys them again by itself.',
    words: [deploymentWord],
    options: [whyOption],
    examples: [
      { line: 'abort --reason "checkout is slow"', does: 'give all traffic back to the old release' },
    ],
    exits: [stuck],
    load: async () => (await import('./commands/abort.js')).abort,
  },
  {
    name: 'router',
    summary: 'write the configuration of an HAProxy of your own',
    description:
      'router init SERVICE writes the least that HAProxy needs to stand in front of a service, and says what goes into ' +
      'deploy.yaml for it. Never overwrites. Where deployctl is to run HAProxy itself it takes no file: router: { type: ' +
      'haproxy, listen: 80 }.',
    words: [
      { name: 'ACTION', required: true, description: 'init', choices: ['init'] },
      { name: 'SERVICE', required: true, description: 'the service behind it', completes: 'services' },
    ],
    options: [
      {
        key: 'out',
        long: '--out',
        short: '-o',
        placeholder: 'FILE',
        kind: 'text',
        description: 'where to write it (default: haproxy.cfg)',
        completes: 'files',
      },
      {
        key: 'listen',
        long: '--listen',
        placeholder: 'PORT',
        kind: 'text',
        description: 'a port, or an address with one (default: 80)',
      },
    ],
    examples: [
      { line: 'router init web --listen 127.0.0.1:8080', does: 'write haproxy.cfg for the service web' },
    ],
    exits: [],
    load: async () => (await import('./commands/router.js')).router,
  },
]
