/** How a deployment's end is told to scripts; text, `--quiet` and `--json` agree in it. */
import { exitCodes, type ExitCode } from '../base/deploy-error.js'
import type { DeployResult } from '../app/requests.js'

/** `unwindWanted`: undoing was asked for (`recover --unwind`), so that a clean unwind is a success. */
export function exitCodeOfResult(result: DeployResult, unwindWanted: boolean): ExitCode {
  if (result.kind === 'nothing') return exitCodes.done
  if (result.kind === 'declined') return exitCodes.declined
  const { outcome, unrecorded } = result
  if (unrecorded !== null || outcome.kind === 'stuck') return exitCodes.stuck
  if (outcome.kind === 'applied' && outcome.leftovers.length === 0) return exitCodes.done
  if (outcome.leftovers.length > 0 || outcome.unhealthy.length > 0) return exitCodes.stuck
  return unwindWanted ? exitCodes.done : exitCodes.unwound
}
