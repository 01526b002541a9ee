/** Puts the name of the source before whatever went wrong while it was asked, so that a message says where to look. */
import { DeployError, type ErrorCode } from '../../base/deploy-error.js'

/** What to say instead of the general hint, where the source knows better what a kind of failure means for it. */
export type BetterHints = { readonly [code in ErrorCode]?: string }

export async function inSource<T>(
  source: string,
  work: () => Promise<T>,
  hints: BetterHints = {},
): Promise<T> {
  try {
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
