/**
 * Which links are let in: those that stay within the release, wherever other links may lead. Pure; nothing is asked of
 * the disk, so nothing on it can make the answer wrong.
 */
import { quoted, refusedEntry } from './refusal.js'

const mostHops = 40
/** What systems take. */
const longestTargetBytes = 4095

/** Path of a symbolic link (joined by `/`) to its target. */
export type Links = ReadonlyMap<string, string>

/**
 * Throws ARCHIVE_REFUSED when following the link would, at any step, rise above the root: by its own text, or by way
 * of other links of the archive. A link to nothing, or round in a circle, is harmless.
 */
export function assertStaysInside(path: string, links: Links): void {
  const target = links.get(path) ?? ''
  // the very characters that are refused
  if (target === '' || /[\u0000-\u001f\u007f]/.test(target)) {
    throw refusedEntry(path, 'is a link with an empty target, or control characters in it')
  }
  if (target.startsWith('/')) throw refusedEntry(path, `is a link to an absolute path (${quoted(target)})`)
  if (Buffer.byteLength(target) > longestTargetBytes) {
    throw refusedEntry(path, `is a link with a target of more than ${longestTargetBytes} bytes`)
  }
  const here = path.split('/').slice(0, -1)
  const toWalk = target.split('/').reverse()
  let hops = 0
  for (let segment = toWalk.pop(); segment !== undefined; segment = toWalk.pop()) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') {
      if (here.pop() === undefined)
        throw refusedEntry(path, `is a link that leaves the release (${quoted(target)})`)
      continue
    }
    here.push(segment)
    const further = links.get(here.join('/'))
    if (further === undefined) continue
    if (++hops > mostHops) return
    if (further.startsWith('/'))
      throw refusedEntry(path, `is a link that leaves the release by way of ${quoted(here.join('/'))}`)
    here.pop()
    toWalk.push(...further.split('/').reverse())
  }
}
