/** The link `current`: reading it, switching it in one atomic move, and taking it away. Nothing else touches it. */
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import { syncFolder } from '../../system/sync-folder.js'
import { releaseOfLinkText, type Layout } from './layout.js'

export type Current =
  | { readonly kind: 'missing' }
  /** `name` is null when it points at something that is no release of this place. */
  | { readonly kind: 'link'; readonly text: string; readonly name: string | null }
  | { readonly kind: 'folder' | 'file' }

export async function readCurrent(layout: Layout): Promise<Current> {
  try {
    const entry = await lstat(layout.current)
    if (!entry.isSymbolicLink()) return { kind: entry.isDirectory() ? 'folder' : 'file' }
    const text = await readlink(layout.current)
    return { kind: 'link', text, name: releaseOfLinkText(layout, text) }
  } catch (error) {
    if (isAbsent(error)) return { kind: 'missing' }
    throw error
  }
}

/** Also when a folder on the way is not there, or is a file. */
export function isAbsent(error: unknown): boolean {
  const code = systemCodeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/**
 * Makes `current` say `text`: a new link beside, renamed over the old one, so that a reader finds one or the other and
 * never none. The new link waits in deployctl's own folder: what a kill leaves there is never taken for a release.
 */
export async function switchCurrent(layout: Layout, text: string): Promise<void> {
  refuseWhatIsNoLink(layout, await readCurrent(layout))
  await rm(layout.nextLink, { force: true, recursive: true })
  await symlink(text, layout.nextLink)
  await rename(layout.nextLink, layout.current)
  await syncFolder(layout.root)
  const now = await readCurrent(layout)
  if (now.kind === 'link' && now.text === text) return
  throw new DeployError(
    'TARGET_REFUSED',
    `${layout.current} was switched to ${text}, but now it ${sayCurrent(now)}.`,
    {
      hint: 'Something else writes this link. Find out what, and deploy again.',
    },
  )
}

export async function removeCurrent(layout: Layout): Promise<void> {
  const current = await readCurrent(layout)
  if (current.kind === 'missing') return
  refuseWhatIsNoLink(layout, current)
  await rm(layout.current, { force: true })
  await syncFolder(layout.root)
}

/** What `current` must not be, and what to do about it. */
export function refuseWhatIsNoLink(layout: Layout, current: Current): void {
  if (current.kind === 'missing' || current.kind === 'link') return
  throw new DeployError(
    'TARGET_REFUSED',
    `${layout.current} is a ${current.kind}, not a link, so no release can be published there.`,
    {
      hint: `Move it away first (mv ${layout.current} ${layout.current}.old) and deploy again; deployctl makes the link.`,
    },
  )
}

export function sayCurrent(current: Current): string {
  if (current.kind === 'missing') return 'is missing'
  return current.kind === 'link' ? `points at ${current.text}` : `is a ${current.kind}`
}
