/** Digests of data: one canonical text form, so that equal data has equal digests on every machine. */
import { createHash } from 'node:crypto'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * JSON with sorted keys, no white space, and without keys whose value is undefined. Plans of thousands of steps go
 * through here, so it builds one text and asks JSON.stringify only where something has to be escaped.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  let text = ''
  const items = value as { readonly [key: string]: unknown } // any object that is no array
  for (const key of Object.keys(items).sort()) {
    const item = items[key]
    if (item !== undefined) text += `${text === '' ? '' : ','}${quoted(key)}:${canonicalJson(item)}`
  }
  return `{${text}}`
}

function quoted(text: string): string {
  return /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** `sha256:` and 64 hex digits of the bytes. */
export function sha256(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The digest of any plain data, by its canonical text. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value))
}

/** The first eight hex digits of a digest, for names and for people. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 8)
}
