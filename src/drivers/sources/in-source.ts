/** Asking a source, in one way: not when it is cancelled already, and with the source's name before whatever goes wrong. */
import { DeployError, type ErrorCode } from '../../base/deploy-error.js'

/** What to say instead of the general hint, where the source knows better what a kind of failure means for it. */
export type BetterHints = { readonly [code in ErrorCode]?: string }

export async function inSource<T>(
  source: string,
  signal: AbortSignal,
  work: () => Promise<T>,
  hints: BetterHints = {},
): Promise<T> {
  try {
    refuseCancelled(signal)
    return await work()
  } catch (error) {
    if (!(error instanceof DeployError)) throw error
    const hint = hints[error.code] ?? error.hint
    throw new DeployError(error.code, `source "${source}": ${error.message}`, {
      ...(hint === undefined ? {} : { hint }),
      details: error.details,
      cause: error,
    })
  }
}

export function refuseCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new DeployError('CANCELLED', 'it was cancelled')
}
