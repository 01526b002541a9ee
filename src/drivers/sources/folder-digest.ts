/** The digest of a folder with all that is in it: names, kinds, modes and contents; not times and owners. */
import { createHash } from 'node:crypto'
import { lstat, readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import { DeployError } from '../../base/deploy-error.js'
import { digestOfFile } from '../artifacts/file-digest.js'

export async function digestFolder(folder: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const walk = async (inside: string): Promise<void> => {
    for (const name of (await readdir(path.join(folder, inside))).sort()) {
      const place = path.join(inside, name)
      const line = await describe(path.join(folder, place), signal)
      hash.update(`${JSON.stringify(place)} ${line}\n`)
      if (line.startsWith('folder ')) await walk(place)
    }
  }
  await walk('')
  return `sha256:${hash.digest('hex')}`
}

async function describe(full: string, signal: AbortSignal): Promise<string> {
  const found = await lstat(full)
  const mode = (found.mode & 0o777).toString(8)
  if (found.isDirectory()) return `folder ${mode}`
  if (found.isSymbolicLink()) return `link ${JSON.stringify(await readlink(full))}`
  if (found.isFile()) return `file ${mode} ${await digestOfFile(full, 'sha256', signal)}`
  throw new DeployError('SOURCE_GARBAGE', `${full} is neither a file, a folder nor a link`, {
    hint: 'A release cannot hold sockets, pipes or devices: remove it.',
  })
}
