/** The commands that are about hosts themselves: rows of the command table, in a file of their own for its length. */
import type { CommandSpec } from './command.js'
import { hostOptions } from './options.js'

export const hostCommands: readonly CommandSpec[] = [
  {
    name: 'doctor',
    summary: 'look at the hosts before a deployment does',
    description:
      'Connects to every host of the environment and says what would stand in the way: a host that cannot be reached, ' +
      'a key that is not known or has changed, a tool that is missing or too old, a clock that is off, a disk that is ' +
      'full. Changes nothing. Exits with 1 when anything was found.',
    words: [],
    options: hostOptions,
    examples: [
      { line: 'doctor --env production', does: 'look at every host of production' },
      { line: 'doctor --limit app', does: 'only those of the group app' },
    ],
    exits: [],
    load: async () => (await import('./commands/doctor.js')).doctor,
  },
  {
    name: 'run',
    summary: 'run a command on the hosts',
    description:
      'Runs a command on hosts of the environment, side by side, over the connections that deployments use, in the home ' +
      'folder of the user there. Every line comes with the name of its host. A command of one word is a line for ' +
      '/bin/sh; of several words, it is run as it is. Exits with 1 when it failed on any host.',
    words: [
      {
        name: 'COMMAND',
        required: true,
        isRest: true,
        description: 'the command and its arguments, or a line for /bin/sh',
      },
    ],
    options: [
      ...hostOptions,
      {
        key: 'become',
        long: '--become',
        placeholder: 'USER',
        kind: 'text',
        description: 'as this user, by a sudo that asks for no password; it then runs in /',
      },
    ],
    examples: [
      { line: 'run --become root -- systemctl restart nginx', does: 'as root, on every host' },
      { line: 'run --limit app -- systemctl status shop-api', does: 'ask all hosts of the group app' },
      { line: "run --host web1 -- 'df -h | tail -3'", does: 'a line for the shell of one host' },
    ],
    exits: [130, 143],
    load: async () => (await import('./commands/run.js')).run,
  },
  {
    name: 'forget',
    summary: 'strike a host that will never come back from the record',
    description:
      'Shows what is recorded to be on a host, asks, and strikes it from the state: for a machine that is gone, so that ' +
      'plans and status need not reach it any more. Nothing is done on the host. If deploy.yaml still has it, the next ' +
      'apply deploys to it as to a new one.',
    words: [{ name: 'HOST', required: true, description: 'the host, as status names it' }],
    options: [
      {
        key: 'autoApprove',
        long: '--auto-approve',
        short: '-y',
        kind: 'flag',
        description: 'do not ask for a yes',
      },
    ],
    examples: [{ line: 'forget web3 --env production', does: 'web3 is gone for good' }],
    exits: [4, 7],
    load: async () => (await import('./commands/forget.js')).forget,
  },
  {
    name: 'adopt',
    summary: 'take over what was deployed by hand or by Capistrano',
    description:
      'Looks at places on this machine or on hosts (a `current` link or folder, `releases`, `shared`, or the plain ' +
      'application), says what it found, which deploy.yaml would go on from there, and what would be done first: a ' +
      'backup, a release folder, the link. Then it asks, and does it; what fails is undone. Without a terminal it only ' +
      'looks, unless --auto-approve is given. The program goes on running, and no file is removed.',
    words: [
      {
        name: 'PLACE',
        required: true,
        isRest: true,
        description: 'an absolute path here, or HOST:PATH, with the host as user@host or user@host:port',
      },
    ],
    options: [
      {
        key: 'autoApprove',
        long: '--auto-approve',
        short: '-y',
        kind: 'flag',
        description: 'do not ask for a yes',
      },
      {
        key: 'sshConfig',
        long: '--ssh-config',
        placeholder: 'PATH',
        kind: 'text',
        description: 'an ssh_config to use instead of your own',
        completes: 'files',
      },
    ],
    examples: [
      { line: 'adopt -- deploy@web1:/srv/shop deploy@web2:/srv/shop', does: 'look at two hosts, and ask' },
      { line: 'adopt --auto-approve -- /var/www/site', does: 'take over a folder of this machine' },
    ],
    exits: [7, 130, 143],
    load: async () => (await import('./commands/adopt.js')).adopt,
  },
]
