/**
 * An index of releases, JSON or text, reduced to versions and what is known of each.
 *
 * JSON: a list of versions, a list of objects, or an object with versions as keys, at a path in the document. Text: a
 * line for each release, with its version or file name, and with its SHA-256 where the list is a checksum file. Pure.
 */
import { DeployError } from '../../../base/deploy-error.js'
import { parseVersion } from '../../../model/release.js'
import { readChecksumLine } from '../../artifacts/checksum-lines.js'
import type { VersionReader } from '../version-pattern.js'

export interface IndexEntry {
  readonly version: string
  /** As the index has it: it may be relative to the index. */
  readonly address: string | null
  /** 64 hexadecimal digits. */
  readonly sha256: string | null
  readonly size: number | null
  readonly publishedAt: string | null
}

export interface IndexShape {
  /** Names with dots between them; empty for the document itself. */
  readonly list: string
  readonly fields: { readonly [field in 'version' | 'url' | 'sha256' | 'size' | 'publishedAt']: string }
  /** For the lines of a text list. */
  readonly versionOf: VersionReader
}

export function readIndex(text: string, shape: IndexShape): readonly IndexEntry[] {
  if (text.trim() === '') {
    throw new DeployError('SOURCE_GARBAGE', 'the index is empty', {
      hint: 'An index without releases is [] in JSON, or a text with a comment line; an empty one is a mishap.',
    })
  }
  return /^\s*[[{]/.test(text) ? readJsonIndex(text, shape) : readTextIndex(text, shape)
}

function readJsonIndex(text: string, { list, fields }: IndexShape): readonly IndexEntry[] {
  const found = at(parsed(text), list)
  if (Array.isArray(found)) {
    return found.flatMap((item: unknown) =>
      entryOf(typeof item === 'string' ? item : at(item, fields.version), item, fields),
    )
  }
  if (typeof found === 'object' && found !== null) {
    return Object.entries(found).flatMap(([version, item]) => entryOf(version, item, fields))
  }
  throw new DeployError(
    'SOURCE_GARBAGE',
    `the index has no list of versions${list === '' ? '' : ` at "${list}"`}`,
    {
      hint: 'Set list: to the path of the list in the document, with dots, such as data.releases.',
      details: [`the document begins: ${text.trimStart().slice(0, 120)}`],
    },
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DeployError('SOURCE_GARBAGE', 'the index begins like JSON, and is none', {
      hint: 'Check the address of the index; it may have been cut off.',
      details: [cause instanceof Error ? cause.message : String(cause)],
      cause,
    })
  }
}

function entryOf(version: unknown, item: unknown, fields: IndexShape['fields']): readonly IndexEntry[] {
  if (typeof version !== 'string' || version.trim() === '') return []
  const [sha256, size, publishedAt] = [
    at(item, fields.sha256),
    at(item, fields.size),
    textAt(item, fields.publishedAt),
  ]
  return [
    {
      version: parseVersion(version.trim()),
      address: typeof item === 'string' && item !== version ? item : textAt(item, fields.url),
      sha256: asSha256(sha256),
      size: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : null,
      publishedAt: publishedAt !== null && !Number.isNaN(Date.parse(publishedAt)) ? publishedAt : null,
    },
  ]
}

/** Null when there is none. One that is there but malformed must not pass for none: it would go unverified. */
function asSha256(value: unknown): string | null {
  if (value === undefined || value === null) return null
  const digits =
    typeof value === 'string' ? /^(?:sha256:)?([0-9a-f]{64})$/i.exec(value.trim())?.[1] : undefined
  if (digits !== undefined) return digits.toLowerCase()
  throw new DeployError(
    'SOURCE_GARBAGE',
    `the index has a SHA-256 that is none: ${JSON.stringify(value).slice(0, 80)}`,
    {
      hint: 'It has to be 64 hexadecimal digits; set fields.sha256 if that is another field.',
    },
  )
}

/** What no text holds: most control characters, and bytes that are no UTF-8. */
const unprintable = /[^\P{Cc}\t\r\n\f]|\ufffd/u

function readTextIndex(text: string, { versionOf }: IndexShape): readonly IndexEntry[] {
  if (unprintable.test(text)) {
    throw new DeployError('SOURCE_GARBAGE', 'the index is neither JSON nor text', {
      hint: 'Check the address of the index: it may be that of an archive, or the answer may be compressed.',
    })
  }
  return text.split('\n').flatMap((written) => {
    const line = written.trim()
    if (line === '' || line.startsWith('#')) return []
    const checksum = readChecksumLine(line)
    const name = checksum === null ? (line.split(/\s/)[0] ?? '') : checksum.file
    const version = name === null ? null : versionOf(name.replace(/[?#].*$/, '').replace(/^.*\//, ''))
    if (name === null || version === null) return []
    // a name with nothing around the version is no address
    const address = parseVersion(name) === version ? null : name
    const sha256 = checksum?.algorithm === 'sha256' ? checksum.hex : null
    return [{ version, address, sha256, size: null, publishedAt: null }]
  })
}

/** What lies at a path such as `assets.0.url`. */
function at(value: unknown, path: string): unknown {
  let here = value
  for (const name of path === '' ? [] : path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined
    here = (here as Record<string, unknown>)[name] // it has the name, whatever is there
  }
  return here
}

function textAt(value: unknown, path: string): string | null {
  const found = at(value, path)
  return typeof found === 'string' ? found : null
}
