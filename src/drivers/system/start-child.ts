/**
 * Starts one command in a process group of its own, with its output tied to a capture.
 *
 * A child whose start has to be known to others first (`onStart`: it is journalled) waits behind a gate until it is.
 * When deployctl is killed before that, the gate's pipe ends and the command never begins.
 */
import type { Options } from 'execa'
import { DeployError, systemCodeOf, type ErrorCode } from '../../base/deploy-error.js'
import type { CommandRequest } from '../../model/shell.js'
import { assertStartable } from './find-command.js'
import type { OutputCapture } from './output-capture.js'
import { startOf } from './process-identity.js'

export interface Exit {
  readonly exitCode: number | null
  readonly signal: string | null
}

export interface StartedChild {
  /** Its number, and that of its group. */
  readonly pid: number
  readonly exit: Promise<Exit>
  /** Rejects with what `onStart` threw; the command then never begins. */
  readonly begun: Promise<void>
  /** Whether everything that was written has been read. */
  readonly isDrained: () => boolean
  /** Lets go of pipes that a process outside the group still holds. */
  readonly closePipes: () => void
}

/** `$@` begins once a line has come through descriptor 3, which it does not inherit. */
const gateScript = 'read -r _ <&3 || exit 125; exec "$@" 3<&-'

export async function startChild(request: CommandRequest, capture: OutputCapture): Promise<StartedChild> {
  const written = 'run' in request.command ? request.command.run : ['/bin/sh', '-c', request.command.shell]
  const [name = '', ...rest] = written
  const searchPath = request.env?.['PATH'] ?? process.env['PATH'] ?? ''
  const [{ execa }] = await Promise.all([
    import('execa'),
    assertStartable(name, request.directory, searchPath),
  ])

  const gate = request.onStart === undefined ? null : makeGate()
  const [file = name, ...args] = gate === null ? written : ['/bin/sh', '-c', gateScript, 'sh', name, ...rest]
  const child = refusing(name, () => execa(file, args, optionsFor(request, gate)))
  const pid = child.pid
  if (pid === undefined) {
    gate?.shut() // nobody will read from it, and its end is waited for
    throw notStarted(name, (await child).cause)
  }
  void child.catch(() => undefined) // how it ends is told by its events

  const startedAt = startOf(pid) // read now, while it can only be this process
  let openPipes = 2
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => capture.write(stream, chunk))
    child[stream].on('close', () => openPipes--)
  }
  const exit = new Promise<Exit>((resolve) => {
    child.on('exit', (exitCode, signal) => resolve({ exitCode, signal }))
  })
  const begun =
    gate === null
      ? Promise.resolve()
      : gate.openAfter(async () => {
          await request.onStart?.({ pid, startedAt: (await startedAt) ?? '' })
        })
  return {
    pid,
    exit,
    begun,
    isDrained: () => openPipes === 0,
    closePipes() {
      child.stdout.destroy()
      child.stderr.destroy()
    },
  }
}

function optionsFor(request: CommandRequest, gate: Gate | null) {
  return {
    cwd: request.directory,
    env: { ...request.env },
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    stdio: [
      request.input === undefined ? 'ignore' : 'pipe',
      'pipe',
      'pipe',
      ...(gate === null ? [] : [gate.pipe]),
    ],
    ...(request.input === undefined ? {} : { input: request.input }),
  } as const satisfies Options
}

function refusing<T>(name: string, start: () => T): T {
  try {
    return start()
  } catch (error) {
    throw notStarted(name, error)
  }
}

interface Gate {
  readonly pipe: AsyncIterable<string>
  openAfter(work: () => Promise<void>): Promise<void>
  shut(): void
}

function makeGate(): Gate {
  let settle: (isOpen: boolean) => void = () => undefined
  const opened = new Promise<boolean>((resolve) => {
    settle = resolve
  })
  async function* pipe(): AsyncGenerator<string> {
    if (await opened) yield 'go\n'
  }
  return {
    pipe: pipe(),
    shut: () => settle(false),
    async openAfter(work) {
      try {
        await work()
        settle(true)
      } catch (error) {
        settle(false)
        throw error
      }
    },
  }
}

/** For what `assertStartable` could not foresee: too many processes, arguments too long, a file gone this instant. */
function notStarted(name: string, cause: unknown): DeployError {
  const codes: { readonly [systemCode: string]: ErrorCode } = {
    ENOENT: 'COMMAND_NOT_FOUND',
    EACCES: 'PERMISSION_DENIED',
  }
  const hints: { readonly [systemCode: string]: string } = {
    E2BIG: 'Its arguments and environment are too long together. Pass data by a file or standard input.',
    EAGAIN: 'No more processes may be started: see `ulimit -u`.',
    EMFILE: 'Too many files are open: see `ulimit -n`, or lower `parallelism` in deploy.yaml.',
  }
  const systemCode = systemCodeOf(cause) ?? ''
  const because = (cause instanceof Error ? cause.message : String(cause)).replaceAll('\0', '\\0')
  const hint = hints[systemCode]
  return new DeployError(codes[systemCode] ?? 'COMMAND_FAILED', `cannot start "${name}": ${because}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  })
}
