/**
 * What a deployment must not be started on. Everything here only looks, so that a refusal leaves the place as it was;
 * each says what is there and what to do.
 */
import { dirname } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import { readCurrent, refuseWhatIsNoLink } from './current-link.js'
import type { HostFiles } from './files/host-files.js'
import type { Ground } from './place.js'

export async function refuseUnfitPlace(ground: Ground): Promise<void> {
  const { layout, files } = ground
  const nearest = await nearestExisting(files, layout.root)
  await refuseFile(files, nearest, layout.root)
  await refuseUnwritable(files, nearest, layout.root)
  if (nearest !== layout.root) return
  refuseWhatIsNoLink(layout, await readCurrent(ground))
  await refuseOddReleases(ground)
  for (const folder of [layout.own, layout.releases, layout.shared]) {
    const there = await nearestExisting(files, folder)
    if (there !== folder) continue
    await refuseFile(files, folder, folder)
    await refuseUnwritable(files, folder, folder)
  }
}

/** The path itself or the nearest folder (or file) above it that is there. */
export async function nearestExisting(files: HostFiles, path: string): Promise<string> {
  const kind = await files.kindOf(path, 'follow').catch((error: unknown) => {
    throw unreachable(path, error)
  })
  if (kind !== 'nothing' && kind !== 'link') return path
  const parent = dirname(path)
  return parent === path ? path : nearestExisting(files, parent)
}

function unreachable(path: string, error: unknown): Error {
  if (error instanceof DeployError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new DeployError('PERMISSION_DENIED', `${path} cannot be looked at: ${why}.`, {
    hint: 'Deploy as a user who may, or change who may enter the folders above it.',
    cause: error,
  })
}

async function refuseFile(files: HostFiles, path: string, wanted: string): Promise<void> {
  if ((await files.kindOf(path, 'follow')) === 'folder') return
  const what = path === wanted ? `${path} is a file` : `${wanted} cannot be made: ${path} is a file`
  throw new DeployError('TARGET_REFUSED', `${what}, and it has to be a folder.`, {
    hint: `Move ${path} away, or choose another path for the target.`,
  })
}

async function refuseUnwritable(files: HostFiles, path: string, wanted: string): Promise<void> {
  const may = await files.mayWrite(path)
  if (may === 'yes') return
  const what =
    path === wanted ? `${path} is not writable` : `${wanted} cannot be made: ${path} is not writable`
  const because = may === 'readOnly' ? ' (it lies on a read-only file system)' : ''
  throw new DeployError('PERMISSION_DENIED', `${what} for this user${because}.`, {
    hint: `Deploy as a user who may write there, or give the folder to this one: chown ${wanted === path ? path : `(after mkdir) ${wanted}`}.`,
  })
}

/** A release becomes one by a rename from deployctl's folder: that takes one and the same file system. */
async function refuseOddReleases({ layout, files }: Ground): Promise<void> {
  const kind = await files.kindOf(layout.releases)
  if (kind === 'link') {
    throw new DeployError(
      'TARGET_REFUSED',
      `${layout.releases} is a link, and it has to be a folder of its own.`,
      { hint: `Set the target's path to where the link leads, or replace the link by the folder.` },
    )
  }
  if (kind !== 'folder') return
  if ((await files.deviceOf(layout.releases)) === (await files.deviceOf(layout.root))) return
  throw new DeployError(
    'TARGET_REFUSED',
    `${layout.releases} lies on another file system than ${layout.root}.`,
    {
      hint: `Mount that file system at ${layout.root}, so that a release can be put in place by one rename.`,
    },
  )
}
