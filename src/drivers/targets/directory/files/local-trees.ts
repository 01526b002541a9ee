/**
 * Removing trees on this machine. A tree is renamed away before its files go, so that a removal cut short never leaves
 * something that looks like a release; what a killed run left in the trash goes with the next removal.
 */
import { chmod, lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { systemCodeOf } from '../../../../base/deploy-error.js'

/** Also when a folder on the way is not there, or is a file. */
export function isAbsent(error: unknown): boolean {
  const code = systemCodeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** True when there was something to remove. */
export async function removeTree(path: string, trash: string): Promise<boolean> {
  if (!(await isThere(path))) return false
  const grave = join(trash, basename(path))
  await mkdir(trash, { recursive: true })
  await removeAtOnce(grave)
  await rename(path, grave)
  await removeAtOnce(grave)
  await rmdir(trash).catch(() => undefined) // unless an earlier removal left something there
  return true
}

/** `rm -rf` that also gets through folders which a release ships without write permission. */
export async function removeAtOnce(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(systemCodeOf(error) ?? '')) throw error
    await openUp(path)
    await rm(path, { recursive: true, force: true })
  }
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openUp(join(folder, entry.name))
  }
}

/** `refused` by the system: an empty folder that stays is no harm. */
export async function removeIfEmpty(folder: string): Promise<'gone' | 'inUse' | 'refused'> {
  try {
    await rmdir(folder)
    return 'gone'
  } catch (error) {
    const code = systemCodeOf(error) ?? ''
    if (code === 'ENOENT') return 'gone'
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return 'inUse'
    if (['EBUSY', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS'].includes(code)) return 'refused'
    throw error
  }
}
