/** argv in, exit code out; signals become an abort. The only file that ends the process. */
import { closeSync, writeSync } from 'node:fs'
import packageJson from '../package.json' with { type: 'json' }
import { DeployError, exitCodes, type ExitCode } from './base/deploy-error.js'
import { runCli } from './cli/run-cli.js'
import type { Services } from './cli/services.js'
import type { Terminal } from './cli/view/terminal.js'

const signalExits = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
type Signal = keyof typeof signalExits

/** Wrappers such as npx pass on a Ctrl-C that the terminal has already sent: within this time it is the same one. */
const sameSignalMs = 300
const showCursor = '\u001B[?25h'

interface Signals {
  readonly abort: AbortSignal
  /** Null before there is one. */
  terminal: Terminal | null
  /** The first one that came. */
  received: Signal | null
}

async function main(): Promise<never> {
  // not for people: what holds the sockets of a process target (drivers/targets/process/) is this program, too
  if (process.argv[2] === '__hold') {
    const { holdSockets } = await import('./wire.js')
    await holdSockets(process.argv[3] ?? '')
    return new Promise(() => undefined) // its control socket keeps it alive, and it ends by itself
  }
  const world = services()
  const signals = listenForSignals(world)
  const code = await runCli(process.argv.slice(2), {
    streams: {
      // opened when it is asked for: that takes milliseconds, and most commands never do
      get input() {
        return process.stdin
      },
      output: process.stdout,
      errors: process.stderr,
    },
    env: process.env,
    services: world,
    signal: signals.abort,
    onTerminal: (terminal) => {
      signals.terminal = terminal
    },
  })
  return end(signals.received === null ? code : afterSignal(code, signals.received), signals.received)
}

/** The first one: finish or cancel, undo, record, and end. The second: end at once. */
function listenForSignals(world: Services): Signals {
  const controller = new AbortController()
  const signals: Signals = { abort: controller.signal, terminal: null, received: null }
  let patienceOver = false
  const first = (signal: Signal): void => {
    signals.received = signal
    signals.terminal?.err(`${signal}: stopping in order. Once more ends at once.`)
    signals.terminal?.record('signal', { signal })
    controller.abort(new DeployError('CANCELLED', `interrupted by ${signal}`))
    const over = (): void => {
      patienceOver = true
    }
    void world
      .loadClock()
      .then((clock) => clock.sleep(sameSignalMs))
      .then(over, over)
  }
  // the keys of the table above
  for (const signal of Object.keys(signalExits) as Signal[]) {
    process.on(signal, () => {
      if (signals.received === null) first(signal)
      else if (patienceOver) stopAtOnce(signal)
    })
  }
  return signals
}

/** What a signal brought about is told as the signal; an end of its own (done, stuck) is not. */
function afterSignal(code: ExitCode, signal: Signal): ExitCode {
  const broughtAbout: readonly ExitCode[] = [exitCodes.error, exitCodes.unwound, exitCodes.declined]
  return broughtAbout.includes(code) ? signalExits[signal] : code
}

/** The journal is on disk; `deployctl recover` takes it from there. Written past whoever holds the streams. */
function stopAtOnce(signal: Signal): never {
  try {
    if (process.stdout.isTTY) writeSync(1, showCursor)
    writeSync(2, '\nStopped at once. deployctl recover finishes or undoes what was begun.\n')
  } catch {
    // nobody is there to read it
  }
  end(signalExits[signal], signal)
}

/** The rest of the house, loaded when a command needs it. */
function services(): Services {
  return {
    version: packageJson.version,
    workingDirectory: workingDirectory(),
    loadClock: async () => (await import('./wire.js')).clock,
    async shellOn(host, sshConfig) {
      const { shellOnHost } = await import('./wire.js')
      return shellOnHost(host, sshConfig)
    },
    async open({ warn, ...project }) {
      const { composeUseCases } = await import('./wire.js')
      return composeUseCases({ ...project, env: process.env, warn })
    },
    async validate(project) {
      const { validateFile } = await import('./wire.js')
      return validateFile({ ...project, env: process.env })
    },
  }
}

/** A folder that was removed under the shell has no path any more. */
function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    const what = '✗ the folder that deployctl was started in is not there any more'
    process.stderr.write(`${what}\n  Go to another one, or to the one that took its place, and try again.\n`)
    return end(exitCodes.error, null)
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

/** Node wants to put the terminal back when it ends and crashes where that is gone; of what is closed it keeps away. */
function end(code: ExitCode, signal: Signal | null): never {
  if (signal === 'SIGHUP') {
    for (const stream of [0, 1, 2]) {
      try {
        closeSync(stream)
      } catch {
        // closed already
      }
    }
  }
  process.exit(code)
}

process.on('uncaughtException', giveUp)
// Everything is written and recorded when main ends. Sockets that are kept alive must not hold the process.
main().catch(giveUp)
