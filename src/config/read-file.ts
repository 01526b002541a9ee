/** The bytes of a deploy.yaml, or a sentence that says why they cannot be had. */
import { readFile, stat } from 'node:fs/promises'
import { systemCodeOf } from '../base/deploy-error.js'
import { formatSize } from '../base/size.js'

/** Far above any real file; it keeps a device or a wrong path from filling the memory. */
const largestBytes = 64 * 2 ** 20
const otherFile = 'Choose another file with --file.'

export interface ReadFailure {
  readonly message: string
  readonly hint: string
}

export async function readBytes(file: string, name: string): Promise<Uint8Array | ReadFailure> {
  try {
    const kind = await stat(file)
    if (kind.isCharacterDevice() || kind.isBlockDevice()) {
      return { message: `${name} is a device, not a file`, hint: otherFile }
    }
    if (kind.size > largestBytes) {
      return { message: `${name} is larger than ${formatSize(largestBytes)}`, hint: 'Is it the right file?' }
    }
    return await readFile(file) // a pipe is welcome, as from `--file <(…)`
  } catch (error) {
    return failureOf(systemCodeOf(error), name, error)
  }
}

/** The text without a byte order mark, or undefined when the bytes are none in UTF-8. */
export function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function failureOf(code: string | undefined, name: string, error: unknown): ReadFailure {
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return {
      message: `there is no file ${name}`,
      hint: 'Make one with `deployctl init`, or choose another with --file.',
    }
  }
  if (code === 'EISDIR')
    return {
      message: `${name} is a directory, not a file`,
      hint: `Did you mean ${name.replace(/\/$/, '')}/deploy.yaml?`,
    }
  if (code === 'EACCES' || code === 'EPERM') {
    return {
      message: `${name} may not be read: permission denied`,
      hint: `Ask for read permission, or see \`ls -l ${name}\`.`,
    }
  }
  if (code === undefined) throw error
  return { message: `${name} cannot be read (${code})`, hint: otherFile }
}
