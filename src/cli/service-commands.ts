/** The commands that are about what runs of one service: rows of the command table. */
import { exitCodes } from '../base/deploy-error.js'
import type { CommandSpec, WordSpec } from './command.js'
import { deployOptions, type OptionSpec } from './options.js'

const { busy, declined, stuck, unwound } = exitCodes

const serviceWord: WordSpec = {
  name: 'SERVICE',
  required: true,
  description: 'the service',
  completes: 'services',
}

const copyOption: OptionSpec = {
  key: 'copy',
  long: '--copy',
  placeholder: 'COPY',
  kind: 'text',
  description: 'only this copy: its number, or its name as status and plan show it',
}

export const serviceCommands: readonly CommandSpec[] = [
  {
    name: 'restart',
    summary: 'start the copies of a service anew, a few at a time',
    description:
      'Plans a restart of what is recorded of a service, shows the plan, asks, and carries it out as apply does: each ' +
      'copy leaves the traffic, is drained, stopped, started and checked, and comes back, while as many others serve as ' +
      'the strategy of the service says. When a copy does not become healthy, what was begun is undone. What changed in ' +
      'deploy.yaml meanwhile is left to apply.',
    words: [serviceWord],
    options: deployOptions,
    examples: [
      { line: 'restart web --env production', does: 'one copy after the other, none of them missed' },
    ],
    exits: [busy, unwound, stuck, declined, 129, 130, 143],
    load: async () => (await import('./commands/restart.js')).restart,
  },
  {
    name: 'logs',
    summary: 'what the containers or processes of a service say',
    description:
      'Prints the last lines of every copy of a service that runs in containers or in server mode, each with the name ' +
      'of its copy where there are several. With --follow it goes on until Ctrl-C or another signal, or until the copies ' +
      'have ended; all of these are a good end.',
    words: [serviceWord],
    options: [
      { key: 'follow', long: '--follow', kind: 'flag', description: 'go on with what is said from now on' },
      {
        key: 'tail',
        long: '--tail',
        short: '-n',
        placeholder: 'N',
        kind: 'count',
        description: 'begin with this many of the last lines of each copy (default: 100)',
      },
      copyOption,
    ],
    examples: [
      { line: 'logs web --follow', does: 'look on while it works' },
      { line: 'logs web --copy 2 --tail 20', does: 'the last lines of the second copy' },
    ],
    exits: [],
    load: async () => (await import('./commands/logs.js')).logs,
  },
  {
    name: 'exec',
    summary: 'run a command inside a container of a service',
    description:
      'Runs a command inside the first copy of a service that runs in containers, or in the one that --copy names, ' +
      'prints what it says and exits as it does. A command of one word is a line for the /bin/sh of the image; of ' +
      'several words, it is run as it is. It gets no terminal and nothing to read.',
    words: [
      serviceWord,
      {
        name: 'COMMAND',
        required: true,
        isRest: true,
        description: 'the command and its arguments, or a line for /bin/sh',
      },
    ],
    options: [copyOption],
    examples: [
      { line: 'exec web -- bin/console cache:clear', does: 'a command in the first copy' },
      { line: "exec web --copy 2 -- 'env | sort'", does: 'a line for the shell of the second copy' },
    ],
    exits: [130, 143],
    load: async () => (await import('./commands/exec.js')).exec,
  },
]
