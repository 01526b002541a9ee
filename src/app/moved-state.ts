/** Whether the state is still the one that a plan rests on, and what to say when it is not. Pure. */
import { showRecorded } from '../base/moment.js'
import type { Plan } from '../model/plan.js'
import type { RecordedState } from '../model/state.js'
import { noState } from '../plan/build-plan.js'

export function hasMoved({ basis }: Plan, state: RecordedState | null): boolean {
  const { lineage, serial } = state ?? noState
  return lineage !== basis.lineage || serial !== basis.serial
}

export function sayMoved({ basis, environment }: Plan, state: RecordedState | null): string {
  const { lineage, serial } = state ?? noState
  const now = lineage === basis.lineage ? `${serial}` : `${serial} of another origin`
  return `the state of ${environment} has moved from serial ${basis.serial} to ${now} since the deployment began`
}

export function writerOf(state: RecordedState | null): string {
  if (state === null) return 'there is no state now'
  const { at, by } = state.written
  return `serial ${state.serial} was written ${showRecorded(at)} by ${by}`
}
