/** The shell port for a host: the same promises as on this machine, kept by the session program at the other end. */
import { constants } from 'node:os'
import { DeployError } from '../../base/deploy-error.js'
import type { HostAddress } from '../../model/host-spec.js'
import type { CommandRequest, Shell } from '../../model/shell.js'
import { captureOutput } from '../system/output-capture.js'
import { systemClock } from '../system/system-clock.js'
import { quote } from '../system/quote.js'
import { signalBase } from './session-program.js'
import type { Session } from './session.js'
import type { Asking } from './asking.js'
import { sayHost } from './ssh-trouble.js'

const usualGraceMs = 10_000
/** After KILL only what hangs in the kernel runs on; then the connection goes. */
const farewellMs = 5000

/** Why a command could not be started; the script says so in a line of its own. */
const refusals = {
  folder: (name: string) => `the working directory ${name} does not exist or may not be entered`,
  command: (name: string) => `the command "${name}" was not found`,
  mode: (name: string) => `${name} may not be executed`,
} as const

export function remoteShell(host: HostAddress, ask: Asking['ask']): Shell {
  return {
    async run(request, signal) {
      const startMs = systemClock.monotonicMs()
      const graceMs = request.graceMs ?? usualGraceMs
      const capture = captureOutput(request.onLine ?? (() => undefined))
      const [name = ''] = commandLine(request)
      const { ended, exitCode } = await ask(
        {
          script: scriptFor(request, graceMs),
          doing: `run "${name}"`,
          timeoutMs: request.timeoutMs,
          sink: {
            stdout: (bytes) => capture.write('stdout', bytes),
            stderr: (bytes) => capture.write('stderr', bytes),
          },
          repeatable: false,
          finishes: false,
          interrupt: (session, answered) => endSoftly(session, graceMs, answered),
        },
        signal,
      )
      capture.end()
      refuse(host, capture.lastLines(), exitCode)
      const signalName = ended === 'exit' ? signalOf(exitCode) : 'SIGTERM'
      return {
        exitCode: signalName === null ? exitCode : null,
        signal: signalName,
        ended,
        lastLines: capture.lastLines(),
        stdout: capture.stdout(),
        durationMs: systemClock.monotonicMs() - startMs,
      }
    },
    // a command ends with the connection it was started over, so nothing of an earlier process is left
    end: () => Promise.resolve(false),
  }
}

async function endSoftly(session: Session, graceMs: number, answered: AbortSignal): Promise<void> {
  session.tell('TERM')
  await systemClock.sleep(graceMs + farewellMs, answered) // the grace itself, and the moment that is left to its group
  if (!answered.aborted) session.tell('KILL')
  await systemClock.sleep(farewellMs, answered)
  if (!answered.aborted) await session.drop()
}

function commandLine({ command }: CommandRequest): readonly string[] {
  return 'run' in command ? command.run : ['/bin/sh', '-c', command.shell]
}

const refusalMark = 'deployctl-refused '
const refusedExit = 126

function scriptFor(request: CommandRequest, graceMs: number): string {
  const [name = '', ...args] = commandLine(request)
  const say = (why: keyof typeof refusals, what: string): string =>
    `{ printf '%s\\n' ${quote(`${refusalMark}${why} ${what}`)} >&2; exit ${refusedExit}; }`
  const variables = Object.entries(request.env ?? {}).map(
    ([variable, value]) => `${variable}=${quote(value)}; export ${variable}`,
  )
  const lookup = name.includes('/')
    ? [`[ -f ${quote(name)} ] || ${say('command', name)}`, `[ -x ${quote(name)} ] || ${say('mode', name)}`]
    : [`command -v ${quote(name)} >/dev/null || ${say('command', name)}`]
  return [
    `cd ${quote(request.directory)} 2>/dev/null || ${say('folder', request.directory)}`,
    ...variables,
    ...lookup,
    ...(request.input === undefined ? [] : [`d_in=${quote(request.input)}`]),
    `d_run ${Math.ceil(graceMs / 1000)} ${[name, ...args].map(quote).join(' ')}`,
  ].join('\n')
}

function refuse(host: HostAddress, lines: readonly string[], exitCode: number | null): void {
  const last = lines.at(-1)
  if (exitCode !== refusedExit || last === undefined) return
  const [, why, what = ''] = /^deployctl-refused (folder|command|mode) (.*)$/.exec(last) ?? []
  if (why === undefined || !(why in refusals)) return
  const words = refusals[why as keyof typeof refusals](what) // one of its keys, as just asked
  throw new DeployError(
    why === 'mode' ? 'PERMISSION_DENIED' : 'COMMAND_NOT_FOUND',
    `On ${sayHost(host)}, ${words}.`,
    {
      hint: 'The command itself was not tried. Check it in deploy.yaml, and what is installed on the host.',
    },
  )
}

function signalOf(exitCode: number | null): string | null {
  if (exitCode === null) return 'SIGHUP'
  const number = exitCode - signalBase
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null
}
