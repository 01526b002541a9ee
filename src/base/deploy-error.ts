/**
 * The one error class of the project, and the one table from an error's code to the process's exit code.
 *
 * A DeployError is for people: it says what failed, where, what was last seen and what to do next. Drivers wrap
 * foreign errors at their edge; only cli/view turns one into text. Anything else that is thrown is a bug.
 */

/** What each exit code tells a script. The numbers are a public contract (docs/exit-codes.md). */
export const exitCodes = {
  done: 0,
  error: 1,
  changesPending: 2,
  invalid: 3,
  busy: 4,
  unwound: 5,
  stuck: 6,
  declined: 7,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes] | 129 | 130 | 143

/** Every code an error may carry, and the exit it leads to. */
const exitOf = {
  // the command line and deploy.yaml
  USAGE: exitCodes.invalid,
  CONFIG_INVALID: exitCodes.invalid,
  CONFIG_NOT_FOUND: exitCodes.invalid,
  // two at once, or the world moved since the plan
  LOCKED: exitCodes.busy,
  LOCK_LOST: exitCodes.busy,
  PLAN_STALE: exitCodes.busy,
  PLAN_TAMPERED: exitCodes.declined,
  // a person's word is missing
  DECLINED: exitCodes.declined,
  RISK_NOT_ALLOWED: exitCodes.declined,
  RELEASE_HELD: exitCodes.declined,
  // a person is needed
  INTERRUPTED_DEPLOYMENT: exitCodes.stuck,
  STATE_WRITE_FAILED: exitCodes.stuck,
  // releases and sources
  VERSION_NOT_FOUND: exitCodes.error,
  RELEASE_UNKNOWN: exitCodes.error,
  SOURCE_UNREACHABLE: exitCodes.error,
  SOURCE_DENIED: exitCodes.error,
  SOURCE_NOT_FOUND: exitCodes.error,
  SOURCE_RATE_LIMITED: exitCodes.error,
  SOURCE_GARBAGE: exitCodes.error,
  ARTIFACT_MISSING: exitCodes.error,
  ARTIFACT_CORRUPT: exitCodes.error,
  ARTIFACT_UNPROVEN: exitCodes.error,
  ARCHIVE_REFUSED: exitCodes.error,
  // the machine it goes to
  HOST_UNREACHABLE: exitCodes.error,
  HOST_DENIED: exitCodes.error,
  HOST_KEY_REFUSED: exitCodes.error,
  HOST_UNFIT: exitCodes.error,
  // the place it goes to
  TARGET_REFUSED: exitCodes.error,
  DISK_FULL: exitCodes.error,
  PERMISSION_DENIED: exitCodes.error,
  IO_FAILED: exitCodes.error,
  COMMAND_FAILED: exitCodes.error,
  COMMAND_NOT_FOUND: exitCodes.error,
  CHECK_FAILED: exitCodes.error,
  TIMEOUT: exitCodes.error,
  CANCELLED: exitCodes.error,
  ABORTED: exitCodes.error,
  NOT_WAITING: exitCodes.error,
  // what is on disk
  STATE_CORRUPT: exitCodes.error,
  JOURNAL_CORRUPT: exitCodes.error,
  SECRET_MISSING: exitCodes.error,
  NOTIFY_FAILED: exitCodes.error,
  NOTHING_TO_RECOVER: exitCodes.error,
  DEPLOYMENT_UNKNOWN: exitCodes.error,
  FILE_EXISTS: exitCodes.error,
  BUG: exitCodes.error,
} as const satisfies Record<string, ExitCode>
export type ErrorCode = keyof typeof exitOf

export interface ErrorParts {
  /** What to do next, in a sentence or a command line. */
  readonly hint?: string
  /** Evidence, line by line: the command's last lines, the last answer of a check, paths, numbers. */
  readonly details?: readonly string[]
  readonly cause?: unknown
}

export class DeployError extends Error {
  override readonly name = 'DeployError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: readonly string[]

  constructor(code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(message, parts.cause === undefined ? {} : { cause: parts.cause })
    this.code = code
    this.hint = parts.hint
    this.details = parts.details ?? []
  }
}

/** The exit code a thrown value leads to: 1 for anything that is not a DeployError. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof DeployError ? exitOf[error.code] : exitCodes.error
}

/** An error as plain data, for journals, history, notifications and `--json`; its text still has to be masked. */
export interface ErrorReport {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
  readonly details?: readonly string[]
}

/** Turns whatever was thrown into a report; a foreign error becomes its message, never its stack. */
export function reportOf(error: unknown): ErrorReport {
  if (!(error instanceof DeployError)) {
    return { code: 'BUG', message: error instanceof Error ? error.message : String(error) }
  }
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.details.length === 0 ? {} : { details: error.details }),
  }
}

/** The `code` of a Node system error (`ENOENT`, `EACCES` …), or undefined for anything else. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
