/** The cache as a table, and what became of it. */
import type { CacheReport, CacheRow } from '../../app/requests.js'
import { formatDuration } from '../../base/duration.js'
import { shortDigest } from '../../base/hash.js'
import { formatSize } from '../../base/size.js'
import type { CacheEntry, Pruned } from '../../model/cache.js'
import { showVersion } from '../../model/release.js'
import { ago } from './relative-time.js'
import { table } from './table.js'
import type { Style } from './terminal.js'
import { paragraph } from './text-width.js'

export function cacheText({ rows, limits }: CacheReport, style: Style, now: Date): string {
  const limit = `It keeps at most ${formatSize(limits.maxBytes)}, of what was used within ${formatDuration(limits.maxAgeMs)}.`
  if (rows.length === 0) return `The cache is empty. ${limit}`
  const total = `${things(rows)}. ${limit}`
  return [...cacheTable(rows, style, now), '', style.paint.faint(total)].join('\n')
}

function cacheTable(rows: readonly CacheRow[], style: Style, now: Date): readonly string[] {
  return table({
    columns: [
      { title: 'size', align: 'right' },
      { title: 'is' },
      { title: 'what', flexible: true },
      { title: 'used' },
      { title: 'needed by', flexible: true },
    ],
    rows: rows.map((row) => [
      formatSize(row.bytes),
      kindWords[row.kind],
      whatOf(row),
      ago(row.usedAt, now),
      row.neededBy.length === 0 ? '–' : row.neededBy.join(', '),
    ]),
    width: style.width,
    titlePaint: style.paint.faint,
  })
}

const kindWords: { readonly [K in CacheEntry['kind']]: string } = {
  archive: 'archive',
  checkout: 'checkout',
  fetched: 'fetched',
  beginning: 'begun',
}

function whatOf({ name, source, version, digest, id }: CacheEntry): string {
  if (source !== '') return `${name} (${source} ${showVersion(version)})`
  if (digest === null) return id
  return `${digest.slice(0, digest.indexOf(':'))}:${shortDigest(digest)}`
}

export function prunedText({ removed, kept }: Pruned): string {
  const left = kept.length === 0 ? 'the cache is empty' : `${things(kept)} left`
  if (removed.length === 0) return `Nothing had to go: ${left}.`
  return `Removed ${things(removed)}: ${left}.`
}

export function brokenText(
  checked: readonly { readonly entry: CacheEntry; readonly sound: boolean }[],
  style: Style,
): string {
  const broken = checked.flatMap(({ entry, sound }) => (sound ? [] : [entry]))
  if (broken.length === 0) {
    return checked.length === 0
      ? 'There is nothing to check.'
      : `Everything is sound: ${things(checked.map(({ entry }) => entry))}.`
  }
  const lines = broken.map((entry) => {
    const what = `✗ ${whatOf(entry)} was not what it had been and is removed; it is fetched again when it is needed.`
    return style.paint.bad(paragraph(what, style.width, 0, 2))
  })
  return [...lines, 'Look at `dmesg`: the disk may be failing.'].join('\n')
}

function things(entries: readonly CacheEntry[]): string {
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0)
  return `${entries.length} ${entries.length === 1 ? 'thing' : 'things'}, ${formatSize(bytes)}`
}
