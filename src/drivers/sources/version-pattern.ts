/**
 * Patterns with one `{version}` in them, as users write them for folder entries, tags and file names.
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

/** The version that a name holds, without its `v`; null when the name does not fit the pattern. */
export type VersionReader = (name: string) => string | null

export function versionReader(pattern: string): VersionReader {
  const [before = '', after = ''] = pattern.split('{version}')
  const whole = new RegExp(`^${escaped(before)}(${versionText})${escaped(after)}$`)
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
