/** Running commands: one port, so that every child has a deadline, bounded output and an end. */
import type { OutputLine } from './event.js'
import type { Command } from './spec.js'

export interface Child {
  readonly pid: number
  /** Tells this process from a later one with the same number. */
  readonly startedAt: string
}

export interface CommandRequest {
  readonly command: Command
  readonly directory: string
  /** Added to the environment of deployctl itself. */
  readonly env?: { readonly [name: string]: string }
  readonly timeoutMs: number
  /** Between TERM and KILL of the whole process group; 10 s unless given. */
  readonly graceMs?: number
  /** Written to standard input, which is otherwise closed. */
  readonly input?: string
  readonly onLine?: (line: OutputLine) => void
  readonly onStart?: (child: Child) => Promise<void>
}

export interface CommandResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly signal: string | null
  /** `cancelled` when the caller's AbortSignal ended it. */
  readonly ended: 'exit' | 'timeout' | 'cancelled'
  /** The last lines of both streams, in order of arrival; at most 50 lines and 8 KiB. */
  readonly lastLines: readonly string[]
  /** All of standard output up to 1 MiB, for commands whose answer is data. */
  readonly stdout: string
  readonly durationMs: number
}

export interface Shell {
  /**
   * Runs a command in a process group of its own and waits until the group is gone.
   * A non-zero exit, a signal and a time-out are results. Throws DeployError COMMAND_NOT_FOUND or PERMISSION_DENIED
   * when it cannot be started.
   */
  run(request: CommandRequest, signal: AbortSignal): Promise<CommandResult>
  /** Ends what an earlier process started and left behind (TERM, grace, KILL of its group); true when it was alive. */
  end(child: Child, graceMs: number): Promise<boolean>
}
