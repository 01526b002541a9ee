/**
 * The command line from words to exit code: help and version on the fast path, then parse, dispatch, and turn whatever
 * is thrown into text. Everything of the process comes in as an argument, so that tests run it whole.
 */
import { exitCodeOf, exitCodes, reportOf, type ExitCode } from '../base/deploy-error.js'
import type { Services } from './services.js'
import { createTerminal, type Terminal, type TerminalStreams } from './view/terminal.js'

export interface CliWorld {
  readonly streams: TerminalStreams
  readonly env: { readonly [name: string]: string | undefined }
  readonly services: Services
  readonly signal: AbortSignal
  /** Told once, before anything runs: whoever handles signals has something to say, too. */
  readonly onTerminal?: (terminal: Terminal) => void
}

export async function runCli(argv: readonly string[], world: CliWorld): Promise<ExitCode> {
  const terminal = await terminalFor(argv, world)
  world.onTerminal?.(terminal)
  try {
    return (await answeredQuickly(argv, terminal, world)) ?? (await runCommand(argv, terminal, world))
  } catch (error) {
    await showError(error, terminal, world)
    return exitCodeOf(error)
  } finally {
    terminal.divert(null)
    await terminal.flush()
  }
}

/** Without the command that is to be run on hosts. */
function wordsOf(argv: readonly string[]): readonly string[] {
  return argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length)
}

/** Needed before parsing: a wrong command line has to be told in the right form, too. */
async function terminalFor(argv: readonly string[], { streams, env, services }: CliWorld): Promise<Terminal> {
  const words = wordsOf(argv)
  const colour = words.includes('--no-color') ? false : null
  const json = words.includes('--json') ? await services.loadClock() : null
  return createTerminal(streams, { json, colour, env, version: services.version })
}

/** Help, the bare version and names for completion need neither commander nor a project. Null: none of these. */
async function answeredQuickly(
  argv: readonly string[],
  terminal: Terminal,
  world: CliWorld,
): Promise<ExitCode | null> {
  const [first] = argv
  if (first === '__names') {
    const { printNames } = await import('./completion/names-command.js')
    printNames(argv.slice(1), world.services.workingDirectory, (line) => terminal.out(line))
    return exitCodes.done
  }
  if (first === '--version' || first === '-V' || (first === 'version' && argv.length === 1)) {
    terminal.record('version', {})
    terminal.out(`deployctl ${world.services.version}`)
    return exitCodes.done
  }
  const own = wordsOf(argv)
  const asksHelp = own.includes('--help') || own.includes('-h') || first === 'help'
  if (!asksHelp && argv.length > 0) return null
  const { commandHelp, overview } = await import('./help.js')
  const { findCommand } = await import('./command-table.js')
  const command = argv.map(findCommand).find((found) => found !== undefined)
  const text = command === undefined ? overview() : commandHelp(command)
  terminal.record('help', { text })
  if (asksHelp) terminal.out(text)
  else terminal.err(text)
  return asksHelp ? exitCodes.done : exitCodes.invalid
}

async function runCommand(argv: readonly string[], terminal: Terminal, world: CliWorld): Promise<ExitCode> {
  const { parseArguments } = await import('./parse-arguments.js')
  const { commands } = await import('./command-table.js')
  const { command, words, options } = parseArguments(argv)
  const run = await command.load()
  return run({ words, options, commands, terminal, services: world.services, signal: world.signal })
}

async function showError(error: unknown, terminal: Terminal, { env }: CliWorld): Promise<void> {
  const { errorText } = await import('./view/error-view.js')
  terminal.record('error', reportOf(error))
  terminal.err(errorText(error, terminal.errorStyle, env['DEPLOYCTL_DEBUG'] === '1'))
}
