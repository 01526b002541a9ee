/** Asking a host something with a script of /bin/sh: the same way on this machine and over SSH. */
import { DeployError } from '../../base/deploy-error.js'
import { formatDuration } from '../../base/duration.js'
import type { ProbeAnswer, ProbePlace } from '../../model/health-check.js'
import { localHost } from '../../model/host-spec.js'
import type { CommandResult } from '../../model/shell.js'
import { excerpt, unhealthy } from './answer.js'

/** A probe has ended or is ended by its signal; this only bounds what the shell would wait for by itself. */
const timeoutMs = 24 * 3_600_000
/** Between TERM and KILL: short, because the engine waits for the next probe. */
const graceMs = 1000

export interface Question {
  /** For /bin/sh, with `LC_ALL=C`, in the root folder. */
  readonly script: string
  /** Values that the script uses: never a part of its text, and never arguments. */
  readonly env?: { readonly [name: string]: string }
  /** What is looked at, to begin a sentence: `the load`. */
  readonly about: string
}

export function isElsewhere({ host }: ProbePlace): boolean {
  return host !== localHost
}

/** A script that does not end in time is an unhealthy answer, and so is a host that is not reached just now. */
export async function askHost(
  place: ProbePlace,
  { script, env = {}, about }: Question,
  signal: AbortSignal,
  judge: (result: CommandResult) => ProbeAnswer,
): Promise<ProbeAnswer> {
  try {
    const command = { shell: `LC_ALL=C; export LC_ALL\n${script}` }
    const result = await place.shell.run({ command, directory: '/', env, timeoutMs, graceMs }, signal)
    if (result.ended === 'exit') return judge(result)
    return unhealthy(`${about} could not be looked at within ${formatDuration(result.durationMs)}`)
  } catch (error) {
    if (error instanceof DeployError && mayPass.has(error.code))
      return unhealthy(error.message, error.details)
    throw error
  }
}

const mayPass: ReadonlySet<string> = new Set(['HOST_UNREACHABLE', 'TIMEOUT', 'CANCELLED'])

/** The last that a script said, for a sentence. */
export function lastWord(result: CommandResult, otherwise: string): string {
  const last = result.lastLines.map((line) => excerpt(line)).filter((line) => line !== '')
  return last.at(-1) ?? otherwise
}
