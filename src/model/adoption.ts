/** What was found at a place that somebody deployed to before deployctl, and what would be done about it. Plain data. */

export type PlaceKind =
  /** `current` is a link into `releases`. */
  | 'releases'
  /** `current` is a link to somewhere else. */
  | 'linked'
  /** `current` is a folder. */
  | 'current'
  /** The application itself, without a link. */
  | 'plain'
  | 'nothing'
  /** deployctl deploys there already. */
  | 'ours'

export interface SharedFound {
  /** Inside a release. */
  readonly place: string
  readonly isFolder: boolean
}

export interface Found {
  readonly kind: PlaceKind
  /** Why it cannot be taken over as it is; sentences. */
  readonly refusals: readonly string[]
  /** What `current` says, where it is a link. */
  readonly link: string | null
  /** Earlier releases that lie there. */
  readonly releases: readonly string[]
  /** What releases have in common already, or should have. */
  readonly shared: readonly SharedFound[]
  /** As a file of it says. */
  readonly version: string | null
  /** `user:group` of what serves. */
  readonly owner: string
  /** Who looked. */
  readonly user: string
  readonly bytes: number
  readonly freeBytes: number
  /** Whose configuration names the place. */
  readonly supervisors: readonly {
    readonly kind: 'systemd' | 'runit' | 'supervisor'
    readonly name: string
  }[]
  /** Configurations of web servers that name it. */
  readonly webServers: readonly string[]
}

/** One thing that is done on a host, with a script of /bin/sh, and what undoes it. Both find it done when it is. */
export interface AdoptionStep {
  readonly title: string
  readonly undo: string
  readonly script: string
  readonly revert: string
  readonly env: { readonly [name: string]: string }
}

export interface Adoption {
  /** As it was asked for. */
  readonly where: string
  readonly host: string | null
  readonly path: string
  readonly found: Found
  readonly steps: readonly AdoptionStep[]
}
