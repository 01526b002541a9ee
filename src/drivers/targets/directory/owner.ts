/** Whom the files of a release belong to: finding the numbers behind the names, refusing what is not allowed, giving. */
import { lchown, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import type { Shell } from '../../../model/shell.js'
import type { DirectoryOptions } from './options.js'

export type OwnerOption = NonNullable<DirectoryOptions['owner']>

export interface OwnerNumbers {
  readonly uid: number
  /** Null keeps the group as it is. */
  readonly gid: number | null
}

const lookupTimeoutMs = 10_000

/** Throws when there is no such user or group, or when this user may not give files to them. */
export async function resolveOwner(
  owner: OwnerOption,
  shell: Shell,
  signal: AbortSignal,
): Promise<OwnerNumbers> {
  const ask = async (...run: readonly string[]): Promise<string | null> => {
    const request = { command: { run }, directory: '/', timeoutMs: lookupTimeoutMs }
    const result = await shell.run(request, signal)
    return result.ended === 'exit' && result.exitCode === 0 ? result.stdout.trim() : null
  }
  const uid = numberOf(owner.user) ?? numberOf(await ask('id', '-u', owner.user))
  if (uid === null) throw unknown('user', owner.user)
  const gid =
    owner.group === null
      ? numberOf(await ask('id', '-g', owner.user))
      : (numberOf(owner.group) ??
        numberOf((await ask('getent', 'group', owner.group))?.split(':')[2] ?? null))
  if (gid === null && owner.group !== null) throw unknown('group', owner.group)
  const self = numberOf(await ask('id', '-u'))
  const groups = (await ask('id', '-G'))?.split(' ').map(Number) ?? []
  if (self !== 0 && (self !== uid || (gid !== null && !groups.includes(gid)))) {
    const name = owner.group === null ? owner.user : `${owner.user}:${owner.group}`
    throw new DeployError(
      'PERMISSION_DENIED',
      `owner: only root may give the files of a release to ${name}.`,
      {
        hint: 'Deploy as root, or leave "owner" out: the files then belong to the user who deploys.',
      },
    )
  }
  return { uid, gid }
}

function numberOf(text: string | null): number | null {
  return text !== null && /^[0-9]{1,10}$/.test(text) ? Number(text) : null
}

function unknown(kind: 'user' | 'group', name: string): DeployError {
  return new DeployError('TARGET_REFUSED', `owner: there is no ${kind} "${name}" on this machine.`, {
    hint: `Make it first, or correct the name in deploy.yaml.`,
  })
}

/** Gives one file, folder or link. */
export async function give(path: string, owner: OwnerNumbers | null): Promise<void> {
  if (owner !== null) await lchown(path, owner.uid, owner.gid ?? -1)
}

/** Gives a folder and everything in it; links themselves, never what they lead to. */
export async function giveTree(folder: string, owner: OwnerNumbers | null): Promise<void> {
  if (owner === null) return
  await give(folder, owner)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    await (entry.isDirectory() ? giveTree(path, owner) : give(path, owner))
  }
}
