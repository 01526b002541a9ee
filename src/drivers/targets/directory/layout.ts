/**
 * Where everything lies under the path of a directory target: names only, nothing is looked at. It is its own file so
 * that what is decided here (and printed by tests) holds for any host the same files are reached on.
 */
import { basename, dirname, join } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'

export interface Layout {
  /** The target's `path`, absolute. */
  readonly root: string
  readonly current: string
  readonly releases: string
  readonly shared: string
  /** Deployctl's own folder, 0700: all of the following lie in it. */
  readonly own: string
  readonly records: string
  readonly manifests: string
  readonly incoming: string
  readonly trash: string
  readonly claim: string
  /** The new link before it is renamed over `current`. */
  readonly nextLink: string
}

/** By text, not by `join`: `root` is normal already, and thousands of services are laid out for every plan. */
export function layoutOf(root: string): Layout {
  const own = `${root}/.deployctl`
  return {
    root,
    current: `${root}/current`,
    releases: `${root}/releases`,
    shared: `${root}/shared`,
    own,
    records: `${own}/records`,
    manifests: `${own}/manifests`,
    incoming: `${own}/incoming`,
    trash: `${own}/trash`,
    claim: `${own}/claim`,
    nextLink: `${own}/current.next`,
  }
}

/** The paths that belong to one release. */
export interface ReleasePaths {
  readonly folder: string
  readonly record: string
  readonly manifest: string
  /** On a host over SSH: how its files looked when they had been put there, to see at once that nothing has changed. */
  readonly seen: string
  /** Where it is unpacked before it becomes a release. */
  readonly incoming: string
  /** What its staging adds to `shared/`, written before it is added. */
  readonly intents: string
}

export function releasePaths(layout: Layout, name: string): ReleasePaths {
  if (!isReleaseName(name)) {
    throw new DeployError('BUG', `"${name}" cannot be the name of a release folder in ${layout.releases}`)
  }
  return {
    folder: join(layout.releases, name),
    record: join(layout.records, `${name}.json`),
    manifest: join(layout.manifests, `${name}.jsonl`),
    seen: join(layout.manifests, `${name}.seen`),
    incoming: join(layout.incoming, name),
    intents: join(layout.incoming, `${name}.shared.json`),
  }
}

/** A single, visible file name. */
export function isReleaseName(name: string): boolean {
  return /^[^./\0][^/\0]*$/.test(name)
}

/** What `current` says when this release serves; relative, so that the whole tree can be moved or mounted elsewhere. */
export function currentLinkText(name: string): string {
  return `releases/${name}`
}

/** The release that a link text of `current` names, or null when it points somewhere else. */
export function releaseOfLinkText(layout: Layout, text: string): string | null {
  const relative = text.startsWith(`${layout.root}/`) ? text.slice(layout.root.length + 1) : text
  const match = /^(?:\.\/)?releases\/+([^/]+)\/*$/.exec(relative)
  const name = match?.[1]
  return name !== undefined && isReleaseName(name) ? name : null
}

/** The path itself, the folder it is in, and so on up. */
export function ancestorsOf(path: string): readonly string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [path, ...ancestorsOf(parent)]
}

/** How the drafts of a folder that is being made begin; they lie beside it. */
export function draftPrefix(top: string): string {
  return join(dirname(top), `.${basename(top)}.deployctl-new-`)
}
