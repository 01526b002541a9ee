/**
 * What a deployment must not be started on. Everything here only looks, so that a refusal leaves the place as it was;
 * each says what is there and what to do.
 */
import { constants } from 'node:fs'
import { access, lstat, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import { isAbsent, readCurrent, refuseWhatIsNoLink } from './current-link.js'
import type { Layout } from './layout.js'

export async function refuseUnfitPlace(layout: Layout): Promise<void> {
  const ground = await nearestExisting(layout.root)
  await refuseFile(ground, layout.root)
  await refuseUnwritable(ground, layout.root)
  if (ground !== layout.root) return
  refuseWhatIsNoLink(layout, await readCurrent(layout))
  await refuseOddReleases(layout)
  for (const folder of [layout.own, layout.releases, layout.shared]) {
    const there = await nearestExisting(folder)
    if (there !== folder) continue
    await refuseFile(folder, folder)
    await refuseUnwritable(folder, folder)
  }
}

/** The path itself or the nearest folder (or file) above it that is there. */
export async function nearestExisting(path: string): Promise<string> {
  try {
    await stat(path)
    return path
  } catch (error) {
    if (!isAbsent(error)) throw unreachable(path, error)
    const parent = dirname(path)
    return parent === path ? path : nearestExisting(parent)
  }
}

function unreachable(path: string, error: unknown): DeployError {
  const why = error instanceof Error ? error.message : String(error)
  return new DeployError('PERMISSION_DENIED', `${path} cannot be looked at: ${why}.`, {
    hint: 'Deploy as a user who may, or change who may enter the folders above it.',
    cause: error,
  })
}

async function refuseFile(path: string, wanted: string): Promise<void> {
  if ((await stat(path)).isDirectory()) return
  const what = path === wanted ? `${path} is a file` : `${wanted} cannot be made: ${path} is a file`
  throw new DeployError('TARGET_REFUSED', `${what}, and it has to be a folder.`, {
    hint: `Move ${path} away, or choose another path for the target.`,
  })
}

async function refuseUnwritable(path: string, wanted: string): Promise<void> {
  try {
    await access(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    const what =
      path === wanted ? `${path} is not writable` : `${wanted} cannot be made: ${path} is not writable`
    const because = systemCodeOf(error) === 'EROFS' ? ' (it lies on a read-only file system)' : ''
    throw new DeployError('PERMISSION_DENIED', `${what} for this user${because}.`, {
      hint: `Deploy as a user who may write there, or give the folder to this one: chown ${wanted === path ? path : `(after mkdir) ${wanted}`}.`,
      cause: error,
    })
  }
}

/** A release becomes one by a rename from deployctl's folder: that takes one and the same file system. */
async function refuseOddReleases(layout: Layout): Promise<void> {
  try {
    const releases = await lstat(layout.releases)
    if (releases.isSymbolicLink()) {
      throw new DeployError(
        'TARGET_REFUSED',
        `${layout.releases} is a link, and it has to be a folder of its own.`,
        {
          hint: `Set the target's path to where the link leads, or replace the link by the folder.`,
        },
      )
    }
    if (releases.isDirectory() && releases.dev !== (await stat(layout.root)).dev) {
      throw new DeployError(
        'TARGET_REFUSED',
        `${layout.releases} lies on another file system than ${layout.root}.`,
        {
          hint: `Mount that file system at ${layout.root}, so that a release can be put in place by one rename.`,
        },
      )
    }
  } catch (error) {
    if (!isAbsent(error)) throw error
  }
}
