/**
 * The files of a place, wherever it lies: what the operations of the directory target look at and change. There are two
 * of it, for this machine (local-files.ts) and for a host over SSH (remote-files.ts); the operations do not know which.
 *
 * Looking sees every change that was made before through the same port. Changes happen in the order they were asked
 * for, each whole or not at all, and survive a power cut; but when they happen, and so when their failure is thrown, is
 * only certain after the next look that needs the host, or `settle`. So nobody may build on the failure of a change.
 */
import type { FetchedArtifact } from '../../../../model/source.js'
import type { Release } from '../../../../model/release.js'
import type { OperationContext } from '../../../../model/target.js'
import type { TreeDifference } from '../../../artifacts/compare-tree.js'
import type { TreeEntry } from '../../../artifacts/tree-manifest.js'
import type { Layout, ReleasePaths } from '../layout.js'
import type { DirectoryOptions } from '../options.js'

/** What lies at a path; `link` only where it is not followed, or leads nowhere. */
export type Found = 'nothing' | 'file' | 'folder' | 'link' | 'other'

/** Everything below the folder of a release; links to what is shared are links in it. */
export type Manifest = readonly TreeEntry[]

export type Comparison =
  | { readonly kind: 'same' }
  | {
      readonly kind: 'differs'
      readonly manifest: Manifest
      readonly differences: readonly TreeDifference[]
    }
  /** What was put there is not known any more. */
  | { readonly kind: 'unknown'; readonly missing: string }

/** Room of a file system; `files` is null where it has no fixed number of them. */
export interface Room {
  readonly bytes: number
  readonly files: number | null
}

export interface OwnerNumbers {
  readonly uid: number
  /** Null keeps the group as it is. */
  readonly gid: number | null
}

export interface HostFiles {
  /** Says what is about to be asked for, so that it can be had in one go. */
  foresee(wanted: Foresight): void
  /** Forgets what was seen: others write here as well. */
  forget(): void
  kindOf(path: string, links?: 'follow'): Promise<Found>
  /** Null when it is no link. */
  linkText(path: string): Promise<string | null>
  /** Sorted by name; none when the folder is not there. */
  entries(folder: string): Promise<readonly { readonly name: string; readonly kind: Found }[]>
  /** Null when it is not there. */
  text(path: string): Promise<string | null>
  mayWrite(folder: string): Promise<'yes' | 'no' | 'readOnly' | 'nothing'>
  /** Tells file systems apart; null when it is not there. */
  deviceOf(path: string): Promise<string | null>
  /** Where a path lies, or would lie. */
  room(path: string): Promise<Room>
  /** Of everything in these folders. */
  bytesIn(folders: readonly string[]): Promise<number>
  /** Of a file or of a folder with all that is in it; to be compared with one that was had from the same place only. */
  digestOf(path: string, signal: AbortSignal): Promise<string>
  compare(release: ReleasePaths, signal: AbortSignal): Promise<Comparison>

  /** The path and deployctl's own folder in it, at once, with a note of what was not there. */
  makePlace(layout: Layout): Promise<void>
  /**
   * Its inverse: as far as the folders are empty and the notes say that they were made. Where somebody has just come,
   * what was noted is handed on.
   */
  leavePlace(layout: Layout): Promise<void>
  /** In a folder that is there; nothing when it is there itself. */
  makeFolder(path: string, mode?: number): Promise<void>
  /** A whole file in place of whatever file is there. */
  write(path: string, text: string): Promise<void>
  writeManifest(release: ReleasePaths, manifest: Manifest): Promise<void>
  link(text: string, path: string): Promise<void>
  /** In place of a file or link; on one file system. */
  move(from: string, to: string): Promise<void>
  /** The same for what may lie on another file system: throws DeployError TARGET_REFUSED then. */
  moveIn(from: string, to: string): Promise<void>
  give(path: string, owner: OwnerNumbers): Promise<void>
  /** Takes these bits from the modes of a folder and of all that is in it, but links. */
  mask(folder: string, umask: number): Promise<void>
  giveTree(folder: string, owner: OwnerNumbers): Promise<void>
  /** Makes a folder like another one: its mode and owner. */
  makeAlike(from: string, to: string): Promise<void>
  /** A file or link, or a folder of ours with what is in it; nothing when it is not there. */
  remove(path: string): Promise<void>
  /** What a kill may leave half done, by how its name begins and ends. */
  removeMatching(folder: string, prefix: string, suffix: string): Promise<void>
  removeIfEmpty(folder: string): Promise<void>
  /** By way of the trash, so that half a removal is never taken for a release; true when there was something. */
  removeTree(path: string, trash: string): Promise<boolean>
  /** What is in the trash already; also what a release ships without write permission. Tolerant: as far as it goes. */
  removeAtOnce(path: string, tolerance?: 'tolerant'): Promise<void>
  /** Makes what was moved or linked in a folder survive a power cut. */
  sync(folder: string): Promise<void>

  /** Makes a release ready on this machine; the answer puts its files into a fresh folder, which is not there yet. */
  ready(
    obtain: () => Promise<FetchedArtifact>,
    release: Release,
    options: DirectoryOptions,
    context: OperationContext,
  ): Promise<(folder: string) => Promise<void>>
  /** What the folder that was unpacked holds by now. */
  scan(folder: string, signal: AbortSignal): Promise<Manifest>
  /** Everything that was asked for has happened. */
  settle(): Promise<void>
}

export interface Foresight {
  readonly paths?: readonly string[]
  readonly compare?: ReleasePaths
  /** Whether the place is fit for a deployment, and has room for it. */
  readonly fitness?: boolean
}
