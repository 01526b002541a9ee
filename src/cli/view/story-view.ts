/** `show ID` as text: who and when, what it was to change, every step with its time, how it ended and what was seen. */
import { formatDuration } from '../../base/duration.js'
import { showRecorded } from '../../base/moment.js'
import type { DeploymentStory } from '../../app/requests.js'
import type { HistoryRecord } from '../../model/history.js'
import { statusesOf, type JournalFile, type StepStatus } from '../../model/journal.js'
import { isOperation } from '../../model/operation.js'
import type { Failure } from '../../model/outcome.js'
import type { Step } from '../../model/plan.js'
import { evidenceLines, headline } from './error-view.js'
import { move } from './history-view.js'
import { versions } from './plan-changes.js'
import { header } from './plan-view.js'
import { table, type Cell } from './table.js'
import type { Style } from './terminal.js'
import { padEnd, paragraph, textWidth } from './text-width.js'

export function storyText({ record, journal }: DeploymentStory, style: Style): string {
  const parts = [
    headLines(record, journal, style),
    serviceLines(record, journal),
    journal === null ? [] : stepLines(journal, style),
    approvalLines(record, journal, style),
    record === null ? unfinishedLines(journal, style) : endLines(record, journal, style),
  ]
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

function headLines(
  record: HistoryRecord | null,
  journal: JournalFile | null,
  style: Style,
): readonly string[] {
  const plan = journal?.header.plan
  const facts = record ?? (journal === null ? null : { ...journal.header, startedAt: journal.header.at })
  if (facts === null) return []
  const project = record?.project ?? plan?.project ?? ''
  const environment = record?.environment ?? plan?.environment ?? ''
  const command = record?.command ?? plan?.command ?? ''
  const times =
    record === null
      ? `began ${showRecorded(facts.startedAt)}`
      : `${showRecorded(facts.startedAt)}, took ${formatDuration(record.durationMs)}`
  return [
    header(
      `${project} · ${environment} · ${command} ${facts.deployment}`,
      record?.outcome ?? 'not finished',
      style,
    ),
    paragraph(`by ${facts.by}, ${times}`, style.width, 2),
  ]
}

function serviceLines(record: HistoryRecord | null, journal: JournalFile | null): readonly string[] {
  const planned = journal?.header.plan.changes ?? []
  const rows =
    record === null
      ? planned.map((change) => ({ ...change, moved: versions(change), ended: '' }))
      : record.services.map((one) => ({ ...one, moved: move(one.before, one.after), ended: one.outcome }))
  const changed = rows.filter(({ kind }) => kind !== 'none')
  const name = Math.max(0, ...changed.map(({ service }) => textWidth(service)))
  const moved = Math.max(0, ...changed.map((row) => textWidth(row.moved)))
  return changed.map((row) =>
    `  ${padEnd(row.service, name)}  ${padEnd(row.moved, moved)}  ${row.ended}`.trimEnd(),
  )
}

function stepLines(journal: JournalFile, style: Style): readonly string[] {
  const statuses = statusesOf(journal.entries)
  const times = timesOf(journal)
  const failed = failedSteps(journal)
  return table({
    columns: [
      { title: '', align: 'right' },
      { title: 'step', flexible: true },
      { title: 'ended' },
      { title: 'took', align: 'right' },
    ],
    rows: journal.header.plan.steps.map((step, index) => [
      String(index + 1),
      step.title,
      statusCell(statusOf(step, statuses), failed.has(step.id), style),
      times.get(step.id) ?? '',
    ]),
    width: style.width,
    indent: 1,
    titlePaint: style.paint.faint,
  })
}

/** Where there is nothing to undo, undoing is no news: the step was done, or failed, as it was before. */
function statusOf(step: Step, statuses: ReadonlyMap<string, StepStatus>): StepStatus {
  const status = statuses.get(step.id) ?? 'waiting'
  return status === 'reverted' && !isOperation(step.revert) ? 'applied' : status
}

/** Steps whose doing failed by itself, whatever became of them afterwards. */
function failedSteps({ entries }: JournalFile): ReadonlySet<string> {
  return new Set(
    entries.flatMap((entry) =>
      entry.type === 'step' && entry.event === 'apply-failed' && entry.error?.code !== 'CANCELLED'
        ? [entry.step]
        : [],
    ),
  )
}

function statusCell(status: StepStatus, hasFailed: boolean, { paint }: Style): Cell {
  const plain = (text: string): string => text
  const words: { readonly [S in StepStatus]: readonly [string, (text: string) => string] } = {
    waiting: ['not begun', paint.faint],
    applying: ['begun', paint.careful],
    applied: hasFailed ? ['failed', paint.bad] : ['done', paint.good],
    failed: ['failed', paint.bad],
    reverting: ['undoing begun', paint.careful],
    reverted: hasFailed ? ['failed, undone', paint.bad] : ['undone', plain],
    stuck: ['stuck', paint.bad],
  }
  const [text, colour] = words[status]
  return { text, paint: colour }
}

/** How long each step's doing took, and its undoing where there was one: of several tries the last. */
function timesOf({ header, entries }: JournalFile): ReadonlyMap<string, string> {
  const undoable = new Set(header.plan.steps.filter(({ revert }) => isOperation(revert)).map(({ id }) => id))
  const times = new Map<string, { readonly doing: string; readonly undoing: string }>()
  for (const entry of entries) {
    if (entry.type !== 'step' || entry.durationMs === undefined) continue
    const { doing, undoing } = times.get(entry.step) ?? { doing: '', undoing: '' }
    const took = formatDuration(entry.durationMs)
    const isUndoing = entry.event.startsWith('revert')
    if (isUndoing && !undoable.has(entry.step)) continue
    times.set(entry.step, isUndoing ? { doing, undoing: took } : { doing: took, undoing })
  }
  return new Map(
    [...times].map(([step, { doing, undoing }]) => [step, [doing, undoing].filter(Boolean).join(' + ')]),
  )
}

/** Who let it go on where it waited. */
function approvalLines(
  record: HistoryRecord | null,
  journal: JournalFile | null,
  style: Style,
): readonly string[] {
  const journalled = journal?.entries.filter((entry) => entry.type === 'approval') ?? []
  const titles = new Map(journal?.header.plan.steps.map(({ id, title }) => [id, title]))
  return (record?.approvals ?? journalled).map(({ step, by, at, reason }) => {
    const why = reason === null ? '' : `: ${reason}`
    return paragraph(
      `approved by ${by}, ${showRecorded(at)}: ${titles.get(step) ?? step}${why}`,
      style.width,
      2,
      4,
    )
  })
}

function unfinishedLines(journal: JournalFile | null, style: Style): readonly string[] {
  if (journal === null) return []
  // of several tries the last
  const errors = new Map(
    journal.entries.flatMap((entry) =>
      entry.type === 'step' && entry.error !== undefined
        ? [[`${entry.step} ${entry.event}`, entry.error] as const]
        : [],
    ),
  )
  const isStuck = [...statusesOf(journal.entries).values()].includes('stuck')
  return [
    style.paint.careful(
      isStuck
        ? '  It is stuck: something could not be undone.'
        : '  It has not come to its end: it is under way, or was interrupted.',
    ),
    ...[...errors.values()].flatMap((error) => [
      headline(error.message, style),
      ...evidenceLines(error, style, 4),
    ]),
  ]
}

function endLines(record: HistoryRecord, journal: JournalFile | null, style: Style): readonly string[] {
  const title = ({ step, service }: Failure): string =>
    journal?.header.plan.steps.find(({ id }) => id === step)?.title ?? service ?? 'the deployment'
  const failed = (failures: readonly Failure[], what: string): readonly string[] =>
    failures.flatMap((failure) => [
      headline(`${title(failure)} ${what}: ${failure.error.message}`, style),
      ...evidenceLines(failure.error, style, 4),
    ])
  return [
    ...failed(record.failures, 'failed'),
    ...failed(record.stuck, 'could not be undone'),
    ...failed(record.unhealthy, 'does not answer its checks after the unwind'),
    ...record.warnings.flatMap((failure) => [
      style.paint.careful(
        paragraph(
          `! ${title(failure)} failed and was tolerated: ${failure.error.message}`,
          style.width,
          0,
          2,
        ),
      ),
      ...evidenceLines(failure.error, style, 4),
    ]),
    ...record.leftovers.map(({ step, reason }) =>
      paragraph(`! not undone: ${step}, because ${reason}`, style.width, 0, 2),
    ),
    ...(record.unwindMs > 0 ? [`  Undone in ${formatDuration(record.unwindMs)}.`] : []),
  ]
}
