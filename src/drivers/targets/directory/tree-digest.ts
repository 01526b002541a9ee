/** The digest of a file or a folder with all that is in it: names, kinds, modes, contents; not times and owners. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { digestOf } from '../../../base/hash.js'

export async function treeDigest(path: string): Promise<string> {
  const entry = await lstat(path)
  const mode = entry.mode & 0o7777
  if (entry.isSymbolicLink()) return digestOf({ link: await readlink(path) })
  if (entry.isFile()) return digestOf({ mode, size: entry.size, content: await contentDigest(path) })
  if (!entry.isDirectory()) return digestOf({ mode, kind: entry.mode & 0o170000 })
  const inside: { [name: string]: string } = {}
  for (const name of (await readdir(path)).sort()) inside[name] = await treeDigest(join(path, name))
  return digestOf({ mode, inside })
}

async function contentDigest(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
