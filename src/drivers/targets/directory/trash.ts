/**
 * Removing trees. A tree is renamed away before its files go, so that a removal cut short never leaves something that
 * looks like a release; what a killed run left in the trash goes with the next removal.
 */
import { chmod, lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { systemCodeOf } from '../../../base/deploy-error.js'
import { isAbsent } from './current-link.js'
import type { Layout } from './layout.js'

/** True when there was something to remove. */
export async function removeTree(layout: Layout, path: string): Promise<boolean> {
  if (!(await exists(path))) return false
  const grave = join(layout.trash, basename(path))
  await mkdir(layout.trash, { recursive: true })
  await removeAtOnce(grave)
  await rename(path, grave)
  await removeAtOnce(grave)
  await rmdir(layout.trash).catch(() => undefined) // unless an earlier removal left something there
  return true
}

/** What killed removals have left. */
export async function emptyTrash(layout: Layout): Promise<void> {
  await removeAtOnce(layout.trash)
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}

/** `rm -rf` that also gets through folders which a release ships without write permission. */
async function removeAtOnce(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(systemCodeOf(error) ?? '')) throw error
    await openUp(path)
    await rm(path, { recursive: true, force: true })
  }
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openUp(join(folder, entry.name))
  }
}
