/**
 * Patterns with `{version}` in them, as users write them for folder entries, tags, file names and keys.
 *
 * Kept apart from the sources because all of them read names the same way: a `v` before the number belongs to the
 * name, never to the version.
 */
import { parseVersion } from '../../model/release.js'

/** What may stand for `{version}`: no slash, no white space, nothing hidden. */
const versionText = '[A-Za-z0-9][A-Za-z0-9._+~-]*'

/** For driver schemas: exactly one `{version}`. */
export const patternSchemaPattern = '^[^{}]*\\{version\\}[^{}]*$'

/** For a template such as a URL: at least one `{version}`. */
export const templateSchemaPattern = '\\{version\\}'

/**
 * The version that a name holds, without its `v`; null when the name does not fit the pattern. Where the pattern has
 * several places for it, all have to hold the same one, each with or without a `v`.
 */
export type VersionReader = (name: string) => string | null

export function versionReader(pattern: string): VersionReader {
  const [before = '', after = '', ...further] = pattern.split('{version}').map(escaped)
  const rest = further.map((part) => `(?:v(?=[0-9]))?\\1${part}`).join('')
  const whole = new RegExp(`^${before}(?:v(?=[0-9]))?(${versionText})${after}${rest}$`)
  return (name) => {
    const version = whole.exec(name)?.[1]
    return version === undefined ? null : parseVersion(version)
  }
}

/** A template with the version in every `{version}`, made safe by `encode` (for a URL: encodeURIComponent). */
export function fillVersion(
  template: string,
  version: string,
  encode: (text: string) => string = (text) => text,
): string {
  return template.replaceAll('{version}', () => encode(version))
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
