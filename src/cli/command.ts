/** What a command is: a row of the command table, and the function behind it with what that function gets. */
import type { ExitCode } from '../base/deploy-error.js'
import type { Options, OptionSpec } from './options.js'
import type { Services } from './services.js'
import type { Terminal } from './view/terminal.js'

export interface CommandContext {
  /** The words after the command that are not options. */
  readonly words: readonly string[]
  readonly options: Options
  /** All of them, for what is made from the table. */
  readonly commands: readonly CommandSpec[]
  readonly terminal: Terminal
  readonly services: Services
  /** Aborts on INT, TERM and HUP. */
  readonly signal: AbortSignal
}

export type CommandRun = (context: CommandContext) => Promise<ExitCode>

export interface WordSpec {
  readonly name: string
  readonly required: boolean
  /** Whether it takes all words that are left. */
  readonly isRest?: boolean
  readonly description: string
  readonly choices?: readonly string[]
  readonly completes?: 'services' | 'files'
}

export interface CommandSpec {
  readonly name: string
  readonly summary: string
  /** A paragraph for `--help` and the manual. */
  readonly description: string
  readonly words: readonly WordSpec[]
  /** Beside the options that every command has. */
  readonly options: readonly OptionSpec[]
  readonly examples: readonly { readonly line: string; readonly does: string }[]
  /** Exit codes beside 0, 1 and 3. */
  readonly exits: readonly ExitCode[]
  /** The command's code is imported when it runs, not before: start-up time is the user's. */
  readonly load: () => Promise<CommandRun>
}
