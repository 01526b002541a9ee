/**
 * The last reference of a document: `${release.version}` is known only when the planner has chosen a release.
 *
 * Everything else is replaced when deploy.yaml is loaded. In a Config two kinds of references are still live, this one
 * and `${secret.X}`, and a literal text that looks like one of them is kept as `$${…}` until the one who replaces
 * that kind takes the extra `$` away. Each kind is replaced exactly once; pure, so that plans stay the same.
 */
import type { Release } from './release.js'

const liveReference = /(\$?)\$\{release\.version\}/g

/**
 * The same data with every `${release.version}` replaced, and `$${release.version}` as the text it stands for.
 * Only values are looked at, never keys. Data without such text is returned as it is, not copied.
 */
export function withRelease<T>(data: T, release: Pick<Release, 'version'>): T {
  return replaceIn(data, release.version) as T // replaceIn changes texts within the data, never its shape
}

function replaceIn(data: unknown, version: string): unknown {
  if (typeof data === 'string') {
    if (!data.includes('${release.version}')) return data
    return data.replace(liveReference, (_, escape: string) => (escape === '' ? version : '${release.version}'))
  }
  if (Array.isArray(data)) {
    const items = data.map((item) => replaceIn(item, version))
    return items.some((item, index) => item !== data[index]) ? items : data
  }
  if (typeof data !== 'object' || data === null) return data
  const before = Object.entries(data)
  const after = before.map(([key, item]) => [key, replaceIn(item, version)] as const)
  return after.some(([, item], index) => item !== before[index]?.[1]) ? Object.fromEntries(after) : data
}
