/** A release: immutable content with a version and a digest, as a source offers it. */

/**
 * What has to be fetched to have a release on this machine.
 * `location` is the source's own address of it (a path, a URL); only the source that made it reads it.
 */
export interface Artifact {
  readonly kind: 'archive' | 'folder'
  /** The file's name, from which the archive's format is read; the folder's name for a folder. */
  readonly name: string
  readonly location: string
  /** Bytes to fetch, where the source knows it. */
  readonly size?: number
  /** Bytes after unpacking, where the source knows it. */
  readonly unpackedSize?: number
  /**
   * Leading folders of every entry that are not part of the release (`package/` in an npm tarball: 1). Whoever unpacks
   * the archive passes it on as the unpacker's `strip`. Absent means 0; it says nothing of a folder.
   */
  readonly strip?: number
}

export interface Release {
  /** The name of the source in deploy.yaml. */
  readonly source: string
  /** As the source writes it, without a leading `v`: `1.4.2`. */
  readonly version: string
  /**
   * The identity of the release: `sha256:…` or `sha512:…` of the archive, `sha256:…` of the tree of a folder; for a
   * checkout of git, whose files a commit names, `sha1:…` (or `git-sha256:…`) and the commit.
   */
  readonly digest: string
  readonly artifact: Artifact
  /** ISO 8601, where the source knows it. */
  readonly publishedAt?: string
}

/** A version that a source offers, before anything is fetched or pinned to a digest. */
export interface VersionListing {
  readonly version: string
  readonly publishedAt?: string
  /** Its publisher calls it a prerelease, whatever its version looks like. */
  readonly prerelease?: true
  /** Its source follows one name (a tag such as `stable`) wherever it is moved: this is its `latest`, without any order. */
  readonly moving?: true
  /** What whoever picks it should be told, in a sentence: that its publisher deprecated it, and why. */
  readonly notice?: string
}

/** `v1.4.2`: versions that begin with a digit are shown with a `v`, others as they are. */
export function showVersion(version: string): string {
  return /^[0-9]/.test(version) ? `v${version}` : version
}

/** The version a person typed, without the `v` that people put before numbers. */
export function parseVersion(text: string): string {
  return /^v[0-9]/.test(text) ? text.slice(1) : text
}
