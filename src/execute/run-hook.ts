/** Runs the user's command of a hook, with its variables, in its folder, within its time. */
import { DeployError } from '../base/deploy-error.js'
import { formatDuration } from '../base/duration.js'
import type { HookOperation } from '../model/operation.js'
import type { Secrets } from '../model/secrets.js'
import type { Shell } from '../model/shell.js'
import type { OperationContext } from '../model/target.js'

export interface HookPlace {
  readonly projectDirectory: string
  /** The new release's folder, or null where there is none. */
  readonly releaseFolder: string | null
  readonly variables: { readonly [name: string]: string }
  /** Of the host that it is about; values may hold secret references. */
  readonly hostVariables: { readonly [name: string]: string }
}

/** The step's own limit ends the hook through the signal; this net only keeps the shell's deadline out of its way. */
const shellLimitMs = 7 * 86_400_000

export async function runHook(
  hook: HookOperation,
  place: HookPlace,
  deps: { readonly shell: Shell; readonly secrets: Secrets },
  context: OperationContext,
): Promise<void> {
  const name = hook.undo ? `the revert of hook "${hook.hook}"` : `hook "${hook.hook}"`
  const directory = directoryOf(hook, place, name)
  const env: Record<string, string> = {}
  for (const [key, value] of Object.entries(place.hostVariables))
    env[key] = await deps.secrets.reveal(value, context.signal)
  Object.assign(env, place.variables)
  for (const [key, value] of Object.entries(hook.env))
    env[key] = await deps.secrets.reveal(value, context.signal)
  const result = await deps.shell.run(
    {
      command: hook.command,
      directory,
      env,
      timeoutMs: shellLimitMs,
      onLine: context.onLine,
      onStart: context.onChild,
    },
    context.signal,
  )
  if (result.ended === 'exit' && result.exitCode === 0) return
  const how =
    result.ended === 'cancelled'
      ? `was ended after ${formatDuration(result.durationMs)}`
      : result.exitCode === null
        ? `was killed by ${result.signal ?? 'a signal'}`
        : `exited with ${result.exitCode} after ${formatDuration(result.durationMs)}`
  throw new DeployError(result.ended === 'cancelled' ? 'CANCELLED' : 'COMMAND_FAILED', `${name} ${how}`, {
    details: result.lastLines,
    hint: `It ran in ${directory}`,
  })
}

function directoryOf(hook: HookOperation, place: HookPlace, name: string): string {
  if (hook.directory === 'project') return place.projectDirectory
  if (place.releaseFolder !== null) return place.releaseFolder
  throw new DeployError(
    'COMMAND_FAILED',
    `${name} is to run in the new release's folder, and there is none`,
    {
      hint: 'set `directory: project` on the hook',
    },
  )
}
