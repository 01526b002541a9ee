/**
 * Turns what the file system threw into a DeployError that names the path and says what to do.
 *
 * It is one table, so that a full disk reads the same wherever it is met.
 */
import { DeployError, systemCodeOf, type ErrorCode } from '../../base/deploy-error.js'

interface Meaning {
  readonly code: ErrorCode
  readonly because: string
  readonly hint: string
}

const full = { code: 'DISK_FULL', hint: 'Free some space there and run it again.' } as const
const denied = { code: 'PERMISSION_DENIED' } as const
const notFolder = {
  code: 'FILE_EXISTS',
  because: 'a file is where a folder is needed',
  hint: 'Move that file away, or choose another path.',
} as const

const meanings: { readonly [systemCode: string]: Meaning } = {
  ENOSPC: { ...full, because: 'no space is left on the disk' },
  EDQUOT: { ...full, because: "the user's disk quota is used up" },
  EFBIG: { ...full, because: 'the file would be larger than is allowed there' },
  EACCES: {
    ...denied,
    because: 'permission denied',
    hint: 'Check who owns it and its mode, or run deployctl as the user it belongs to.',
  },
  EPERM: {
    ...denied,
    because: 'operation not permitted',
    hint: 'Check who owns it and whether it is immutable, or run deployctl as the user it belongs to.',
  },
  EROFS: {
    ...denied,
    because: 'the file system is read-only',
    hint: 'Mount it for writing, or choose another path.',
  },
  ENOTDIR: notFolder,
  EEXIST: {
    code: 'FILE_EXISTS',
    because: 'it exists already',
    hint: 'Move it away, or choose another path.',
  },
  EISDIR: {
    code: 'FILE_EXISTS',
    because: 'a folder is where a file is needed',
    hint: 'Move that folder away, or choose another path.',
  },
  ENOENT: { code: 'IO_FAILED', because: 'it does not exist', hint: 'Check the path.' },
  EMFILE: {
    code: 'IO_FAILED',
    because: 'too many files are open',
    hint: 'Raise the limit with `ulimit -n`, or lower `parallelism` in deploy.yaml.',
  },
  EIO: {
    code: 'IO_FAILED',
    because: 'the disk reported an input/output error',
    hint: 'Look at `dmesg`: the disk may be failing.',
  },
}

/** `doing` is what was tried, in the infinitive: `write`, `make the folder`. What is not a system error stays as it is. */
export function fileError(error: unknown, doing: string, path: string): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  const systemCode = systemCodeOf(error)
  if (error instanceof DeployError || systemCode === undefined) return error
  const meaning = meanings[systemCode]
  const because = meaning?.because ?? error.message
  return new DeployError(meaning?.code ?? 'IO_FAILED', `cannot ${doing} ${path}: ${because}`, {
    cause: error,
    ...(meaning === undefined ? {} : { hint: meaning.hint }),
  })
}

/** Does one thing with one path; its system errors come out as DeployErrors. */
export async function naming<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw fileError(error, doing, path)
  }
}
