/** How much an archive may unpack to. Far above what releases are, far below what fills a disk or a memory. */

export interface UnpackLimits {
  /** Of all files together, as long as they claim to be (holes count). */
  readonly totalBytes: number
  readonly entries: number
  /** Unpacked to packed; looked at once more than 64 MiB have come out. */
  readonly ratio: number
  /** Folders within folders. */
  readonly depth: number
  /** One name between slashes, in bytes of UTF-8. */
  readonly nameBytes: number
  /** A whole path, in bytes of UTF-8. */
  readonly pathBytes: number
}

export const defaultLimits: UnpackLimits = {
  totalBytes: 64 * 2 ** 30,
  entries: 1_000_000,
  ratio: 250,
  depth: 128,
  nameBytes: 255,
  pathBytes: 3072,
}

/** A small archive may well be a long row of zeros; only what is large as well is a bomb. */
export const ratioMattersFromBytes = 64 * 2 ** 20
