/** A deployment that ran to some end, and what its telling depends on. */
import type { DeployResult } from '../../app/requests.js'
import type { Style } from './terminal.js'

export type Finished = Extract<DeployResult, { readonly kind: 'done' }>

export interface OutcomeContext {
  readonly style: Style
  /** `--env` and `--file` as the person gave them, for the commands that are proposed. */
  readonly flags: string
  /** Undoing is what was asked for: `recover --unwind`. */
  readonly unwindWanted: boolean
  /** Which signal ended it, if one did. */
  readonly interruptedBy: string | null
}
