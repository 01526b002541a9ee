/**
 * Goes through a folder and everything below it, in order of path. Shared by what makes manifests and what estimates
 * sizes. It never follows links.
 *
 * The calls are synchronous, because each takes microseconds, a trip through the thread pool ten times as long, and a
 * release has tens of thousands of them. After every few the event loop gets its turn.
 */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { DeployError } from '../../base/deploy-error.js'

export interface FoundFile {
  readonly type: 'file'
  readonly path: string
  /** Permissions only. */
  readonly mode: number
  readonly size: number
  readonly mtimeMs: number
}
export interface FoundFolder {
  readonly type: 'folder'
  readonly path: string
  readonly mode: number
}
export interface FoundLink {
  readonly type: 'link'
  readonly path: string
  readonly target: string
}
export type Found = FoundFile | FoundFolder | FoundLink

const entriesPerTurn = 64

/** Throws DeployError ARCHIVE_REFUSED for what can be in no release: devices, pipes and sockets. */
export async function* walkTree(folder: string, signal: AbortSignal): AsyncGenerator<Found> {
  const open = [...namesIn(folder, '')].reverse()
  let seen = 0
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (++seen % entriesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve))
    if (signal.aborted) throw new DeployError('CANCELLED', `reading ${folder} was cancelled`)
    const found = look(folder, path)
    yield found
    if (found.type === 'folder') open.push(...namesIn(folder, path).reverse())
  }
}

export function look(folder: string, path: string): Found {
  const full = join(folder, path)
  const stats = lstatSync(full)
  const mode = stats.mode & 0o7777
  if (stats.isFile()) return { type: 'file', path, mode, size: stats.size, mtimeMs: stats.mtimeMs }
  if (stats.isDirectory()) return { type: 'folder', path, mode }
  if (stats.isSymbolicLink()) return { type: 'link', path, target: readlinkSync(full) }
  throw new DeployError('ARCHIVE_REFUSED', `${full} is neither a file nor a folder nor a link`, {
    hint: 'A release holds no devices, pipes or sockets: remove it.',
  })
}

function namesIn(folder: string, path: string): string[] {
  const prefix = path === '' ? '' : `${path}/`
  return readdirSync(join(folder, path))
    .sort()
    .map((name) => `${prefix}${name}`)
}
