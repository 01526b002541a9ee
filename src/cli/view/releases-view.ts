/** `releases` as a table per service: what serves, what can be rolled back to, what is on offer. */
import type { ReleaseRow, ReleasesReport } from '../../app/requests.js'
import { showVersion } from '../../model/release.js'
import { evidenceLines } from './error-view.js'
import { heldLine } from './held-line.js'
import { ago } from './relative-time.js'
import { table, type Cell } from './table.js'
import type { Style } from './terminal.js'
import { paragraph } from './text-width.js'

export function releasesText({ rows, problems }: ReleasesReport, style: Style, now: Date): string {
  const none = rows.length === 0 && problems.length === 0 ? ['There are no releases.'] : []
  const listing = rows.length === 0 ? [] : [releasesTable(rows, style, now)]
  const failed = problems.map(({ service, error }) =>
    [
      style.paint.careful(
        paragraph(`! ${service}: its source could not be asked: ${error.message}`, style.width, 2, 4),
      ),
      ...evidenceLines(error, style, 6),
    ].join('\n'),
  )
  const held = rows.flatMap((row) =>
    row.held === null ? [] : heldLine(row.service, row.held, style.width, now),
  )
  return [...none, ...listing, ...(held.length === 0 ? [] : [held.join('\n')]), ...failed].join('\n\n')
}

function releasesTable(rows: readonly ReleaseRow[], style: Style, now: Date): string {
  return table({
    columns: [
      { title: 'service' },
      { title: 'version' },
      { title: 'is' },
      { title: 'published' },
      { title: 'deployed' },
      { title: 'on target' },
      { title: '', flexible: true },
    ],
    rows: rows.map((row, index) => [
      rows[index - 1]?.service === row.service ? '' : row.service,
      showVersion(row.version),
      statusCell(row, style),
      ago(row.publishedAt, now),
      ago(row.deployedAt, now),
      row.onTarget ? 'yes' : '–',
      [...(row.pinned ? ['pinned'] : []), ...(row.held === null ? [] : ['held'])].join(', '),
    ]),
    width: style.width,
    titlePaint: style.paint.faint,
  }).join('\n')
}

function statusCell({ status }: ReleaseRow, { paint }: Style): Cell {
  const plain = (text: string): string => text
  const colours = {
    active: paint.good,
    previous: plain,
    staged: plain,
    available: paint.faint,
    broken: paint.bad,
  }
  return { text: status, paint: colours[status] }
}
