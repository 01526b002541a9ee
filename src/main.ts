/** argv in, exit code out; signals become an abort. The only file that ends the process. */
import packageJson from '../package.json' with { type: 'json' }
import { DeployError, exitCodes, type ExitCode } from './base/deploy-error.js'
import { runCli } from './cli/run-cli.js'
import type { Services } from './cli/services.js'
import type { Terminal } from './cli/view/terminal.js'

const signalExits = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
type Signal = keyof typeof signalExits

const showCursor = '\u001B[?25h'

async function main(): Promise<ExitCode> {
  const controller = new AbortController()
  const state: { terminal: Terminal | null; signal: Signal | null } = { terminal: null, signal: null }
  for (const signal of Object.keys(signalExits) as Signal[]) {
    // the keys of the table above
    process.on(signal, () => {
      if (state.signal !== null) stopAtOnce(signal)
      state.signal = signal
      state.terminal?.err(
        `${signal}: finishing or cancelling what runs, then undoing. Once more stops at once.`,
      )
      state.terminal?.record('signal', { signal })
      controller.abort(new DeployError('CANCELLED', `interrupted by ${signal}`))
    })
  }
  const code = await runCli(process.argv.slice(2), {
    streams: { input: process.stdin, output: process.stdout, errors: process.stderr },
    env: process.env,
    services: services(),
    signal: controller.signal,
    onTerminal: (terminal) => {
      state.terminal = terminal
    },
  })
  return state.signal === null ? code : afterSignal(code, state.signal)
}

/** What a signal brought about is told as the signal; an end of its own (done, stuck) is not. */
function afterSignal(code: ExitCode, signal: Signal): ExitCode {
  const broughtAbout: readonly ExitCode[] = [exitCodes.error, exitCodes.unwound, exitCodes.declined]
  return broughtAbout.includes(code) ? signalExits[signal] : code
}

/** The journal is on disk; `deployctl recover` takes it from there. */
function stopAtOnce(signal: Signal): never {
  if (process.stdout.isTTY) process.stdout.write(showCursor)
  process.stderr.write('\nStopped at once. deployctl recover finishes or undoes what was begun.\n')
  process.exit(signalExits[signal])
}

/** The rest of the house, loaded when a command needs it. */
function services(): Services {
  return {
    version: packageJson.version,
    workingDirectory: process.cwd(),
    loadClock: async () => (await import('./wire.js')).clock,
    async open({ file, environment, warn }) {
      const { composeUseCases } = await import('./wire.js')
      return composeUseCases({ file, environment, env: process.env, warn })
    },
    async validate({ file, environment }) {
      const { validateFile } = await import('./wire.js')
      return validateFile({ file, environment, env: process.env })
    },
  }
}

/** Nothing should come here: whatever a command throws has been told already. */
function giveUp(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error)
  const stack = process.env.DEPLOYCTL_DEBUG === '1' && error instanceof Error ? `\n${error.stack ?? ''}` : ''
  process.stderr.write(
    `✗ this is a bug in deployctl: ${message}${stack}\n  DEPLOYCTL_DEBUG=1 shows where; please report it\n`,
  )
  process.exit(exitCodes.error)
}

process.on('uncaughtException', giveUp)
// Everything is written and recorded when main ends. Sockets that are kept alive must not hold the process.
main().then((code) => process.exit(code), giveUp)
