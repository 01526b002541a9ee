/**
 * What the bytes of a journal say. A line counts once its line end is there, for only then was it flushed as a whole.
 *
 * The last line may be torn: whoever wrote it was killed, or lost power, before its append was done. Anything wrong
 * before the last line was confirmed once and is damage that nobody may guess about.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { JournalEntry, JournalFile, JournalHeader } from '../../../model/journal.js'

export interface JournalText extends JournalFile {
  /** Up to the end of the last good line. */
  readonly goodBytes: number
}

interface Line {
  readonly data: { readonly type: string }
  readonly endByte: number
}

/** Null when the header was never completely written: then nothing was started. */
export function parseJournal(bytes: Buffer, path: string): JournalText | null {
  const lines = readLines(bytes)
  if (lines.at(-1) === null) lines.pop()
  const damaged = lines.indexOf(null)
  if (damaged !== -1) throw corrupt(path, damaged + 1, 'cannot be read')
  const good = lines.filter((line) => line !== null)
  const [first, ...rest] = good
  if (first === undefined) return null
  return {
    header: headerOf(first, path),
    entries: rest.map((line, index) => entryOf(line, path, index + 2)),
    goodBytes: good.at(-1)?.endByte ?? 0,
  }
}

/** False when nothing was started. A damaged journal has begun: reading it in full says what is wrong. */
export function hasBegun(bytes: Buffer): boolean {
  const end = bytes.indexOf('\n')
  return (
    end !== -1 && (bytes.indexOf('\n', end + 1) !== -1 || parseData(bytes.toString('utf8', 0, end)) !== null)
  )
}

/** When it began, as its header says; empty when that cannot be read. */
export function beginningOf(bytes: Buffer): string {
  const header = parseData(bytes.toString('utf8', 0, bytes.indexOf('\n')))
  return header !== null && 'at' in header && typeof header.at === 'string' ? header.at : ''
}

/** Whether the bytes end in a `closed` entry, without reading what comes before. */
export function endsClosed(bytes: Buffer): boolean {
  const end = bytes.lastIndexOf('\n')
  if (end <= 0) return false
  const start = bytes.lastIndexOf('\n', end - 1) + 1
  return parseData(bytes.toString('utf8', start, end))?.type === 'closed'
}

/** Every line that has its end; null for one that is no JSON object with a type. */
function readLines(bytes: Buffer): (Line | null)[] {
  const lines: (Line | null)[] = []
  for (
    let start = 0, end = bytes.indexOf('\n');
    end !== -1;
    start = end + 1, end = bytes.indexOf('\n', start)
  ) {
    const data = parseData(bytes.toString('utf8', start, end))
    lines.push(data === null ? null : { data, endByte: end + 1 })
  }
  return lines
}

function parseData(text: string): Line['data'] | null {
  try {
    const data: unknown = JSON.parse(text)
    const isTyped =
      typeof data === 'object' && data !== null && 'type' in data && typeof data.type === 'string'
    return isTyped ? (data as Line['data']) : null // checked in the line above
  } catch {
    return null
  }
}

function headerOf({ data }: Line, path: string): JournalHeader {
  if (data.type !== 'deployctl-journal') throw corrupt(path, 1, 'is not the header of a journal')
  const header = data as JournalHeader // only createJournal makes lines of this type; its format is checked here
  if ((header.format as number) === 1) return header
  throw new DeployError(
    'JOURNAL_CORRUPT',
    `${path} was written by a newer deployctl (format ${header.format})`,
    {
      hint: 'Recover with the deployctl that wrote it, or upgrade this one.',
    },
  )
}

const entryTypes: { readonly [T in JournalEntry['type']]: true } = {
  step: true,
  child: true,
  approval: true,
  unwind: true,
  recovery: true,
  closed: true,
}

function entryOf({ data }: Line, path: string, lineNumber: number): JournalEntry {
  if (!(data.type in entryTypes)) throw corrupt(path, lineNumber, `has the unknown type "${data.type}"`)
  return data as JournalEntry // only a journal's writer makes lines of these types
}

function corrupt(path: string, lineNumber: number, what: string): DeployError {
  return new DeployError('JOURNAL_CORRUPT', `${path}:${lineNumber}: this line of the journal ${what}`, {
    hint: 'The file was changed or damaged after it was written. Look at the line and at what is really deployed; when all is well there, move the file away.',
  })
}
