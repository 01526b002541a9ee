/**
 * A quick look at a file or a folder that tells whether its content can have changed: names, inodes, sizes and times
 * of everything in it. It costs a stat each, where a digest costs reading it all.
 */
import { createHash } from 'node:crypto'
import { lstat, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { BigIntStats } from 'node:fs'

export interface Fingerprint {
  readonly text: string
  /** Of all files together. */
  readonly bytes: number
  /** The latest change of anything in it, in milliseconds since 1970. */
  readonly changedAtMs: number
}

export async function fingerprintOf(top: string): Promise<Fingerprint> {
  const hash = createHash('sha256')
  let bytes = 0
  let changedAtMs = 0
  const take = (name: string, found: BigIntStats): void => {
    const { dev, ino, mode, size, mtimeNs, ctimeNs } = found
    hash.update(`${JSON.stringify(name)} ${[dev, ino, mode, size, mtimeNs, ctimeNs].join(' ')}\n`)
    if (found.isFile()) bytes += Number(size)
    const latestNs = mtimeNs > ctimeNs ? mtimeNs : ctimeNs
    changedAtMs = Math.max(changedAtMs, Number(latestNs / 1_000_000n))
  }
  const walk = async (folder: string, prefix: string): Promise<void> => {
    const names = (await readdir(folder)).sort()
    const found = await Promise.all(names.map((name) => lstat(path.join(folder, name), { bigint: true })))
    for (const [index, name] of names.entries()) {
      const entry = found[index]
      if (entry === undefined) continue
      take(`${prefix}${name}`, entry)
      if (entry.isDirectory()) await walk(path.join(folder, name), `${prefix}${name}/`)
    }
  }
  const found = await stat(top, { bigint: true })
  take('', found)
  if (found.isDirectory()) await walk(top, '')
  return { text: hash.digest('hex'), bytes, changedAtMs }
}
