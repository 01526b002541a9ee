/** Whom the files of a release belong to: finding the numbers behind the names, refusing what is not allowed, giving. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Shell } from '../../../model/shell.js'
import type { OwnerNumbers } from './files/host-files.js'
import type { DirectoryOptions } from './options.js'

export type OwnerOption = NonNullable<DirectoryOptions['owner']>

const lookupTimeoutMs = 10_000

/** All that has to be known, in one go; a line for each answer, empty where there is none. */
const lookup = `
  say() { printf '%s\\n' "$("$@" 2>/dev/null)"; }
  group() { getent group "$1" 2>/dev/null || grep "^$1:" /etc/group; }
  say id -u -- "$1"; say id -g -- "$1"; say group "$2"; say id -u; say id -G`

/** What the numbers are for: the option that names them, and what only root may do. */
const purposes = {
  owner: {
    may: 'give the files of a release to',
    otherwise: 'the files then belong to the user who deploys',
  },
  user: { may: 'start a program as', otherwise: 'the program then runs as the user who deploys' },
} as const

/** Throws when there is no such user or group, or when this user may not act for them. */
export async function resolveOwner(
  owner: OwnerOption,
  shell: Shell,
  signal: AbortSignal,
  option: keyof typeof purposes = 'owner',
): Promise<OwnerNumbers> {
  const command = { run: ['/bin/sh', '-c', lookup, 'sh', owner.user, owner.group ?? ''] }
  const { stdout } = await shell.run({ command, directory: '/', timeoutMs: lookupTimeoutMs }, signal)
  const [user = '', usersGroup = '', group = '', own = '', ownGroups = ''] = stdout.split('\n')
  const uid = numberOf(owner.user) ?? numberOf(user)
  if (uid === null) throw unknown(option, 'user', owner.user)
  const gid =
    owner.group === null
      ? numberOf(usersGroup)
      : (numberOf(owner.group) ?? numberOf(group.split(':')[2] ?? null))
  if (gid === null && owner.group !== null) throw unknown(option, 'group', owner.group)
  const self = numberOf(own)
  const groups = ownGroups.split(' ').map(Number)
  if (self !== 0 && (self !== uid || (gid !== null && !groups.includes(gid)))) {
    const name = owner.group === null ? owner.user : `${owner.user}:${owner.group}`
    throw new DeployError('PERMISSION_DENIED', `${option}: only root may ${purposes[option].may} ${name}.`, {
      hint: `Deploy as root, or leave "${option}" out: ${purposes[option].otherwise}.`,
    })
  }
  return { uid, gid }
}

function numberOf(text: string | null): number | null {
  return text !== null && /^[0-9]{1,10}$/.test(text) ? Number(text) : null
}

function unknown(option: string, kind: 'user' | 'group', name: string): DeployError {
  return new DeployError('TARGET_REFUSED', `${option}: there is no ${kind} "${name}" on this machine.`, {
    hint: `Make it first, or correct the name in deploy.yaml.`,
  })
}
