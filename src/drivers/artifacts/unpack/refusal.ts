/** How a refusal reads: which entry, and why. Apart from the rules because every one of them speaks through it. */
import { DeployError } from '../../../base/deploy-error.js'

const hint =
  'Nothing of it is used, and what served before still serves. Have the archive made again, without this.'

/** An entry that is not let in. `why` goes on from the name: `has an absolute path`. */
export function refusedEntry(entry: string, why: string): DeployError {
  return new DeployError('ARCHIVE_REFUSED', `its entry ${quoted(entry)} ${why}`, { hint })
}

/** The archive as a whole. `why` is a clause: `it ends in the middle of an entry`. */
export function refusedArchive(
  why: string,
  parts: { readonly hint?: string; readonly cause?: unknown } = {},
): DeployError {
  return new DeployError('ARCHIVE_REFUSED', why, { hint: parts.hint ?? hint, cause: parts.cause })
}

/** Names come from strangers: quoted, short, and unable to move a terminal's cursor. */
export function quoted(name: string): string {
  const short = name.length > 120 ? `${name.slice(0, 80)}…${name.slice(-30)}` : name
  // the very characters that must not reach a terminal
  return JSON.stringify(short).replace(/[\u007f-\u009f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
