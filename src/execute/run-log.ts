/**
 * What a running deployment remembers: the status of every step, kept in the journal before and after each effect, and told
 * to whoever listens. The only place that appends step entries.
 */
import type { ErrorReport } from '../base/deploy-error.js'
import { reportOf } from '../base/deploy-error.js'
import type { Clock } from '../model/clock.js'
import type { DeploymentEvent, Emit } from '../model/event.js'
import { nextStatus, type JournalEntry, type StepEvent, type StepStatus } from '../model/journal.js'
import type { Step } from '../model/plan.js'

export interface RunLog {
  statusOf(step: Step): StepStatus
  /** Durable when it resolves. For what goes forward it rejects when the journal cannot be written, with the status unchanged. */
  record(
    step: Step,
    event: StepEvent,
    extra?: { readonly durationMs?: number; readonly error?: ErrorReport },
  ): Promise<void>
  /** The same for other entries: undoing is never stopped by the journal, and a `child` of what goes forward is not started without it. */
  append(entry: JournalEntry): Promise<void>
  /** The first write that failed. Undoing goes on without a journal, since every revert may be repeated. */
  readonly journalError: ErrorReport | null
  emit(event: DeploymentEvent): void
  now(): string
}

export function createRunLog(deps: {
  readonly journal: { append(entry: JournalEntry): Promise<void> }
  readonly statuses: Map<string, StepStatus>
  readonly clock: Clock
  readonly emit: Emit
}): RunLog {
  let journalError: ErrorReport | null = null
  const now = (): string => deps.clock.now().toISOString()
  const append = async (entry: JournalEntry): Promise<void> => {
    try {
      await deps.journal.append(entry)
    } catch (error) {
      journalError ??= reportOf(error)
      if (!goesBack(entry, deps.statuses)) throw error
    }
  }
  return {
    statusOf: (step) => deps.statuses.get(step.id) ?? 'waiting',
    append,
    emit: deps.emit,
    now,
    get journalError() {
      return journalError
    },
    async record(step, event, extra = {}) {
      const status = nextStatus(deps.statuses.get(step.id) ?? 'waiting', event)
      const at = now()
      await append({ type: 'step', step: step.id, event, at, ...extra })
      deps.statuses.set(step.id, status)
      deps.emit({ type: 'step', at, step: step.id, event, ...extra })
    },
  }
}

/** Also the commands of a revert: an old release that is linked back and not restarted would be worse than no entry. */
function goesBack(entry: JournalEntry, statuses: ReadonlyMap<string, StepStatus>): boolean {
  if (entry.type === 'child') return statuses.get(entry.step) === 'reverting'
  if (entry.type === 'step') return entry.event !== 'apply-started' && entry.event !== 'apply-succeeded'
  return entry.type === 'unwind'
}
