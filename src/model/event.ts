/** What the engine says while it works. Views and logs listen; nothing they do changes what happens. */
import type { ErrorReport } from '../base/deploy-error.js'
import type { Lane, StepEvent } from './journal.js'
import type { Outcome } from './outcome.js'
import type { Plan } from './plan.js'

/** How far a long operation is: bytes for a download, files for an unpacking. */
export interface Progress {
  readonly done: number
  readonly total: number | null
  readonly unit: 'bytes' | 'files' | 'tries'
  /** What is being done, in a few words: `downloading`, `unpacking`, `GET /health: 503`. */
  readonly label: string
}

export interface OutputLine {
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

export type DeploymentEvent =
  | {
      readonly type: 'deployment-started'
      readonly at: string
      readonly deployment: string
      readonly plan: Plan
    }
  | {
      readonly type: 'step'
      readonly at: string
      readonly step: string
      readonly event: StepEvent
      readonly durationMs?: number
      readonly error?: ErrorReport
    }
  | {
      readonly type: 'step-progress'
      readonly at: string
      readonly step: string
      readonly progress: Progress
    }
  | { readonly type: 'step-output'; readonly at: string; readonly step: string; readonly line: OutputLine }
  | {
      readonly type: 'unwind-started'
      readonly at: string
      readonly services: readonly string[]
      readonly lanes?: readonly Lane[]
      readonly failedStep: string | null
      readonly cause: ErrorReport
    }
  | { readonly type: 'warning'; readonly at: string; readonly message: string; readonly error?: ErrorReport }
  | {
      readonly type: 'deployment-finished'
      readonly at: string
      readonly deployment: string
      readonly outcome: Outcome
    }

export type Emit = (event: DeploymentEvent) => void

/** The same, but whoever listens cannot change what happens by throwing (law 10). */
export function unshakable(emit: Emit): Emit {
  return (event) => {
    try {
      emit(event)
    } catch {
      // A broken view is no reason to stop, and there is nobody to tell.
    }
  }
}
