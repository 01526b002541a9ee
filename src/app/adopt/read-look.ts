/** What the looking script printed, as facts with their judgement. Pure. */
import { formatSize } from '../../base/size.js'
import type { Found, PlaceKind, SharedFound } from '../../model/adoption.js'

export function readLook(text: string, path: string): Found {
  const lines = text.split('\n').flatMap((line): (readonly [string, string])[] => {
    const at = line.indexOf('=')
    return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
  })
  const all = (key: string): readonly string[] =>
    lines.flatMap(([name, value]) => (name === key && value !== '' ? [value] : []))
  const one = (key: string): string | null => all(key)[0] ?? null
  const kind = kindOf(one, all('entry').length)
  const [bytes, freeBytes] = [Number(one('kib') ?? 0) * 1024, Number(one('freeKib') ?? 0) * 1024]
  const linked = all('linked').map(sharedOf)
  const candidates = all('candidate').map(sharedOf)
  return {
    kind,
    refusals: refusalsOf(kind, path, bytes, freeBytes, one, all('release')),
    link: one('link'),
    releases: all('release'),
    shared: unique(kind === 'plain' || kind === 'current' ? [...linked, ...candidates] : linked),
    version: one('version') ?? one('packageVersion'),
    owner: one('owner') ?? '',
    user: one('user') ?? '',
    bytes,
    freeBytes,
    supervisors: (['systemd', 'runit', 'supervisor'] as const).flatMap((each) =>
      [...new Set(all(each))].map((name) => ({ kind: each, name })),
    ),
    webServers: [...new Set(all('web'))],
  }
}

function kindOf(one: (key: string) => string | null, entries: number): PlaceKind {
  if (one('ours') === 'yes') return 'ours'
  if (one('current') === 'link')
    return /^(.*\/)?releases\/[^/]+\/?$/.test(one('link') ?? '') ? 'releases' : 'linked'
  if (one('current') === 'folder') return 'current'
  return entries > 0 ? 'plain' : 'nothing'
}

function refusalsOf(
  kind: PlaceKind,
  path: string,
  bytes: number,
  freeBytes: number,
  one: (key: string) => string | null,
  releases: readonly string[],
): readonly string[] {
  const place = one('place')
  if (place === 'file') return [`${path} is a file.`]
  if (place === 'none') return []
  const copies = kind === 'plain' ? 2 : 1 // the backup, and the release folder of what stays where it is
  const needed = kind === 'plain' || kind === 'current' ? bytes * copies : 0
  return [
    ...(one('denied') === 'yes' ? [`${path} may not be entered by ${one('user') ?? 'this user'}.`] : []),
    ...(one('denied') !== 'yes' && one('writable') !== 'yes'
      ? [`${path} may not be written to by ${one('user') ?? 'this user'}: connect as its owner.`]
      : []),
    ...(one('current') === 'file' ? [`${path}/current is a file.`] : []),
    ...(one('dangling') === 'yes'
      ? [`${path}/current leads to ${one('link') ?? ''}, which is not there.`]
      : []),
    ...(['file', 'link'].includes(one('releasesKind') ?? '')
      ? [`${path}/releases is a ${one('releasesKind') ?? ''}, not a folder.`]
      : []),
    ...(kind === 'plain' && one('begun') !== 'yes'
      ? (['releases', 'shared'] as const).flatMap((name) =>
          one(`${name}Kind`) === 'none'
            ? []
            : [`${path} has a ${name} of its own, where deployctl would put its.`],
        )
      : []),
    ...(kind === 'current' && releases.includes('adopted')
      ? [`${path}/releases/adopted is there already, and current is a folder.`]
      : []),
    ...(needed > freeBytes
      ? [`The backup needs up to ${formatSize(needed)}, and only ${formatSize(freeBytes)} are free.`]
      : []),
  ]
}

function sharedOf(text: string): SharedFound {
  return { place: text.replace(/\/$/, ''), isFolder: text.endsWith('/') }
}

function unique(all: readonly SharedFound[]): readonly SharedFound[] {
  const byPlace = new Map(all.map((one) => [one.place, one]))
  return [...byPlace.values()].sort((a, b) => (a.place < b.place ? -1 : 1))
}
