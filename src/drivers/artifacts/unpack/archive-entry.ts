/** What every format's reader makes of an entry, and all that the tree writer knows of it. */

export interface Piece {
  /** Valid until the next piece is asked for. */
  readonly bytes: Uint8Array
  /** Where in the file it belongs; between pieces there may be holes. */
  readonly offset: number
}

export interface ArchiveEntry {
  /** As it stands in the archive. */
  readonly name: string
  readonly kind: 'file' | 'folder' | 'symlink' | 'hardlink' | 'special'
  /** Permissions, as they stand in the archive. */
  readonly mode: number
  /** Null: it says nothing of times. */
  readonly mtimeMs: number | null
  /** Bytes of the file when it is unpacked; null when only reading it will tell. */
  readonly size: number | null
  /** Where a link points to; what a special entry is: `a device`. */
  readonly target: string
  /** The content of a file, once. */
  pieces(): AsyncIterable<Piece>
}

export async function* noPieces(): AsyncGenerator<Piece> {
  // folders and links have no content
}
