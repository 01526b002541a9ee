// A file system of 8 MiB, for tests of what happens when the disk is full.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isRoot, run } from './packages.mjs'

export async function mountSmallDisk(place) {
  if (!isRoot || process.platform !== 'linux') throw new Error('only root can mount a small file system')
  const folder = join(place, 'small-disk')
  mkdirSync(folder)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'deployctl-tests', folder])
  } catch (error) {
    throw new Error(`a tmpfs cannot be mounted here: ${error.stderr.trim()}`)
  }
  return { address: folder, stop: () => run('umount', ['--lazy', folder]) }
}
