/**
 * What a deployment must not be started on. Everything here only looks, so that a refusal leaves the place as it was;
 * each says what is there and what to do.
 */
import { dirname } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import { readCurrent, refuseWhatIsNoLink } from './current-link.js'
import type { Found, HostFiles } from './files/host-files.js'
import type { Ground } from './place.js'

export async function refuseUnfitPlace(ground: Ground): Promise<void> {
  const { layout, files } = ground
  const nearest = await refuseUnfitAbove(files, layout.root, layout.root)
  if (nearest !== layout.root) return
  refuseWhatIsNoLink(layout, await readCurrent(ground))
  await refuseOddReleases(ground)
  for (const folder of [layout.own, layout.releases, layout.shared]) {
    const kind = await kindOf(files, folder)
    if (kind === 'nothing' || kind === 'link') continue
    refuseFile(kind, folder, folder)
    await refuseUnwritable(files, folder, folder)
  }
}

/**
 * Answers the nearest folder that is there. Each fact is looked at once: whoever leaves meanwhile removes what it made,
 * and what is gone by the next look counts as not having been there.
 */
async function refuseUnfitAbove(files: HostFiles, path: string, wanted: string): Promise<string> {
  const kind = await kindOf(files, path)
  const parent = dirname(path)
  if ((kind === 'nothing' || kind === 'link') && parent !== path)
    return refuseUnfitAbove(files, parent, wanted)
  refuseFile(kind, path, wanted)
  const isGone = (await refuseUnwritable(files, path, wanted)) === 'nothing'
  return isGone && parent !== path ? refuseUnfitAbove(files, parent, wanted) : path
}

function kindOf(files: HostFiles, path: string): Promise<Found> {
  return files.kindOf(path, 'follow').catch((error: unknown) => {
    throw unreachable(path, error)
  })
}

function unreachable(path: string, error: unknown): Error {
  if (error instanceof DeployError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new DeployError('PERMISSION_DENIED', `${path} cannot be looked at: ${why}.`, {
    hint: 'Deploy as a user who may, or change who may enter the folders above it.',
    cause: error,
  })
}

function refuseFile(kind: Found, path: string, wanted: string): void {
  if (kind === 'folder') return
  const what = path === wanted ? `${path} is a file` : `${wanted} cannot be made: ${path} is a file`
  throw new DeployError('TARGET_REFUSED', `${what}, and it has to be a folder.`, {
    hint: `Move ${path} away, or choose another path for the target.`,
  })
}

async function refuseUnwritable(files: HostFiles, path: string, wanted: string): Promise<'yes' | 'nothing'> {
  const may = await files.mayWrite(path)
  if (may === 'yes' || may === 'nothing') return may
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
  const [device, above] = [await files.deviceOf(layout.releases), await files.deviceOf(layout.root)]
  if (device === above || device === null || above === null) return
  throw new DeployError(
    'TARGET_REFUSED',
    `${layout.releases} lies on another file system than ${layout.root}.`,
    {
      hint: `Mount that file system at ${layout.root}, so that a release can be put in place by one rename.`,
    },
  )
}
