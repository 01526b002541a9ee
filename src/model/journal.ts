/**
 * The journal's law: which events a step may go through, and what a journal says of a deployment.
 *
 * A journal is an intent log: a line before and after every effect. Everything here is pure; the file is a store's.
 */
import type { ErrorReport } from '../base/deploy-error.js'
import type { Plan } from './plan.js'

export type StepEvent =
  | 'apply-started'
  | 'apply-succeeded'
  | 'apply-failed'
  | 'revert-started'
  | 'revert-succeeded'
  | 'revert-failed'
export type StepStatus = 'waiting' | 'applying' | 'applied' | 'failed' | 'reverting' | 'reverted' | 'stuck'

/**
 * `applying` accepts `apply-started` again because a resumed deployment repeats what was under way, and `failed` does
 * because a tolerated failure may be tried again by a resume; nothing else may be repeated.
 */
const law: { readonly [S in StepStatus]: { readonly [E in StepEvent]?: StepStatus } } = {
  waiting: { 'apply-started': 'applying' },
  applying: {
    'apply-started': 'applying',
    'apply-succeeded': 'applied',
    'apply-failed': 'failed',
    'revert-started': 'reverting',
  },
  applied: { 'revert-started': 'reverting' },
  failed: { 'apply-started': 'applying', 'revert-started': 'reverting' },
  reverting: { 'revert-started': 'reverting', 'revert-succeeded': 'reverted', 'revert-failed': 'stuck' },
  reverted: {},
  stuck: { 'revert-started': 'reverting' },
}

/** The status after an event. Throws on anything the law does not allow: that is a bug or a forged journal. */
export function nextStatus(status: StepStatus, event: StepEvent): StepStatus {
  const next = law[status][event]
  if (next === undefined) throw new Error(`journal: "${event}" is illegal after "${status}"`)
  return next
}

/** The first line: everything that another process needs to finish or undo the deployment. */
export interface JournalHeader {
  readonly type: 'deployctl-journal'
  readonly format: 1
  readonly deployment: string
  readonly at: string
  readonly by: string
  readonly host: string
  readonly pid: number
  readonly plan: Plan
}

export interface StepEntry {
  readonly type: 'step'
  readonly step: string
  readonly event: StepEvent
  readonly at: string
  readonly durationMs?: number
  readonly error?: ErrorReport
}
/** A child that a step started: after a crash it may still be running, and recovery ends it first. */
export interface ChildEntry {
  readonly type: 'child'
  readonly step: string
  readonly pid: number
  /** Tells a process from a later one with the same number (from /proc where there is one). */
  readonly startedAt: string
}
/** A person said that a step which waited may go on. */
export interface ApprovalEntry {
  readonly type: 'approval'
  readonly step: string
  /** When and by whom it was said. */
  readonly at: string
  readonly by: string
  readonly reason: string | null
}
/** From here on the services named are being undone; a resume of them is refused. */
export interface UnwindEntry {
  readonly type: 'unwind'
  readonly at: string
  readonly services: readonly string[]
  /** Single hosts of services, where the others go on. */
  readonly lanes?: readonly Lane[]
  readonly failedStep: string | null
  readonly cause: ErrorReport
}
/** One host's part of a service. */
export interface Lane {
  readonly service: string
  readonly host: string
}
/** The end. A journal without it belongs to a deployment that was interrupted, or is stuck. */
export interface ClosedEntry {
  readonly type: 'closed'
  readonly at: string
  readonly outcome: OutcomeKind
}
/** Somebody took the deployment up again. */
export interface RecoveryEntry {
  readonly type: 'recovery'
  readonly at: string
  readonly by: string
  readonly direction: 'resume' | 'unwind'
}
export type JournalEntry = StepEntry | ChildEntry | ApprovalEntry | UnwindEntry | RecoveryEntry | ClosedEntry

export type OutcomeKind = 'applied' | 'unwound' | 'stuck'

/** A journal as read from a store: the header, and the entries whose lines were whole. */
export interface JournalFile {
  readonly header: JournalHeader
  readonly entries: readonly JournalEntry[]
}

/** The status of every step that the journal mentions. */
export function statusesOf(entries: readonly JournalEntry[]): Map<string, StepStatus> {
  const statuses = new Map<string, StepStatus>()
  for (const entry of entries) {
    if (entry.type !== 'step') continue
    statuses.set(entry.step, nextStatus(statuses.get(entry.step) ?? 'waiting', entry.event))
  }
  return statuses
}

/** Whether the deployment came to its end. */
export function isClosed(file: JournalFile): boolean {
  return file.entries.some((entry) => entry.type === 'closed')
}

/** Every decision to undo, oldest first: what was being undone can only be undone further. */
export function unwindsOf(file: JournalFile): readonly UnwindEntry[] {
  return file.entries.filter((entry) => entry.type === 'unwind')
}

/** Whether all that the deployment changes is being undone, by one decision or by several. */
export function isUndoneWhole(file: JournalFile): boolean {
  const unwinds = unwindsOf(file)
  const undone = new Set(unwinds.flatMap((entry) => entry.services))
  const { changes } = file.header.plan
  return unwinds.length > 0 && changes.every(({ kind, service }) => kind === 'none' || undone.has(service))
}
