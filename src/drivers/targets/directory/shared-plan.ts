/**
 * What has to happen so that a release finds its shared files and folders: decided here from what the release ships
 * and what `shared/` holds, without touching either.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Found } from './files/host-files.js'
import type { SharedEntry } from './options.js'

/** Something a staging put into `shared/`, and how to tell that nobody has used it since. */
export interface MadeShared {
  /** Relative to `shared/`. */
  readonly place: string
  /** `folder`: made empty. `moved`: what the release ships there, with the digest of it. */
  readonly kind: 'folder' | 'moved'
  readonly digest: string | null
}

export interface SharedSituation {
  readonly entry: SharedEntry
  /** At its place in the unpacked release, links not followed. */
  readonly shipped: Found
  /** At its place in `shared/`, links followed: a shared folder may lead to another disk. */
  readonly present: Found
  /** Folders above it that `shared/` lacks, outermost first. */
  readonly missingParents: readonly string[]
  /** A folder above it that is a link or a file, in either tree. */
  readonly blockedBy: string | null
}

export type SharedAction =
  /** What the release ships becomes the shared one. */
  | 'move'
  | 'makeFolder'
  /** What is shared stays; what the release ships there is left out. */
  | 'keep'
  /** A file that nobody has made yet: the link waits for it. */
  | 'await'

export function sharedAction(situation: SharedSituation): SharedAction {
  const { entry, shipped, present, blockedBy } = situation
  const wanted = `shared: "${entry.place}${entry.kind === 'folder' ? '/' : ''}"`
  if (blockedBy !== null) {
    throw refused(
      `${wanted} cannot be linked: ${blockedBy} is not a folder of its own.`,
      `Make that a folder, or share something further up.`,
    )
  }
  if (shipped !== 'nothing' && shipped !== entry.kind) {
    throw refused(
      `${wanted} is to be a ${entry.kind}, but the release ships a ${shipped} there.`,
      entry.kind === 'file' && shipped === 'folder'
        ? 'Write a "/" at its end to share a folder.'
        : 'Mend one of the two.',
    )
  }
  if (present === 'nothing') {
    if (shipped !== 'nothing') return 'move'
    return entry.kind === 'folder' ? 'makeFolder' : 'await'
  }
  if (present !== entry.kind) {
    throw refused(
      `${wanted} is to be a ${entry.kind}, but shared/${entry.place} is ${sayPresent(present)}.`,
      'Move it away, or change the entry.',
    )
  }
  return 'keep'
}

function sayPresent(present: Found): string {
  return present === 'link' ? 'a link that leads nowhere' : `a ${present}`
}

function refused(message: string, hint: string): DeployError {
  return new DeployError('TARGET_REFUSED', message, { hint })
}

/** The link that stands in a release for a shared entry; relative, so that the tree can be moved as a whole. */
export function sharedLinkText(place: string): string {
  const up = '../'.repeat(place.split('/').length + 1)
  return `${up}shared/${place}`
}

/** The folders above a place, outermost first: `a/b/c` → `a`, `a/b`. */
export function parentsOf(place: string): readonly string[] {
  const parts = place.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}
