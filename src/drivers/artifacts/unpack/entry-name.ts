/**
 * Which names are let in: pure rules, the same for every format. A name that passes is a row of segments that can only
 * lead downwards from the folder it is unpacked to.
 */
import type { UnpackLimits } from './limits.js'
import { refusedEntry } from './refusal.js'

/** The segments of a name; empty for the root of the archive itself (`./`). Throws ARCHIVE_REFUSED. */
export function segmentsOf(name: string, limits: UnpackLimits): readonly string[] {
  // the very characters that are refused
  if (/[\u0000-\u001f\u007f]/.test(name)) throw refusedEntry(name, 'has control characters in its name')
  if (name === '') throw refusedEntry(name, 'has no name')
  if (name.startsWith('/')) throw refusedEntry(name, 'has an absolute path')
  if (/^[A-Za-z]:[\\/]/.test(name)) throw refusedEntry(name, 'has an absolute path (with a drive)')
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (segments.includes('..')) throw refusedEntry(name, 'has ".." in its path')
  if (name.split(/[\\/]/).includes('..')) throw refusedEntry(name, 'has ".." between backslashes in its path')
  if (segments.length > limits.depth) throw refusedEntry(name, `lies more than ${limits.depth} folders deep`)
  if (Buffer.byteLength(name) > limits.pathBytes) {
    throw refusedEntry(name, `has a path of more than ${limits.pathBytes} bytes`)
  }
  if (
    segments.some(
      (segment) => segment.length * 3 > limits.nameBytes && Buffer.byteLength(segment) > limits.nameBytes,
    )
  ) {
    throw refusedEntry(name, `has a name of more than ${limits.nameBytes} bytes`)
  }
  return segments
}
