/** `history` as a table, newest first. */
import { formatDuration } from '../../base/duration.js'
import type { HistoryRecord } from '../../model/history.js'
import { showVersion } from '../../model/release.js'
import { ago } from './relative-time.js'
import { table, type Cell } from './table.js'
import type { Paint } from './paint.js'
import type { Style } from './terminal.js'

const servicesShown = 3

export function historyText(records: readonly HistoryRecord[], style: Style, now: Date): string {
  if (records.length === 0) return 'Nothing has been deployed here yet.'
  return table({
    columns: [
      { title: 'id' },
      { title: 'when' },
      { title: 'what' },
      { title: 'services', flexible: true },
      { title: 'by' },
      { title: 'outcome' },
      { title: 'took', align: 'right' },
    ],
    rows: records.map((record) => [
      record.deployment,
      ago(record.endedAt, now),
      record.command,
      servicesOf(record),
      record.by,
      outcomeCell(record, style.paint),
      formatDuration(record.durationMs),
    ]),
    width: style.width,
    titlePaint: style.paint.faint,
  }).join('\n')
}

function outcomeCell({ outcome }: Pick<HistoryRecord, 'outcome'>, paint: Paint): Cell {
  const colours = { applied: paint.good, unwound: paint.careful, stuck: paint.bad }
  return { text: outcome, paint: colours[outcome] }
}

function servicesOf({ services }: HistoryRecord): string {
  const changed = services.filter(({ kind }) => kind !== 'none')
  const shown = changed
    .slice(0, servicesShown)
    .map(({ service, before, after }) => `${service} ${move(before, after)}`)
  const more = changed.length - shown.length
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

/** `v1.0.0 → v1.0.1`, `v1.0.1` for a first one, `v1.0.0 → nothing` for a removal. */
export function move(before: string | null, after: string | null): string {
  if (before === null) return after === null ? '' : showVersion(after)
  if (after === null) return `${showVersion(before)} → nothing`
  return before === after ? showVersion(after) : `${showVersion(before)} → ${showVersion(after)}`
}
