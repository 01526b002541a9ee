/** Columns that line up and fit the width. Cells are plain text; colour is put on after they are padded. Pure. */
import { padEnd, padStart, textWidth, wrap } from './text-width.js'

export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** The column that is wrapped when the table is too wide; the widest one unless said. */
  readonly flexible?: boolean
}

export interface TableShape {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly (Cell | string)[])[]
  readonly width: number
  readonly indent?: number
  readonly titlePaint?: (text: string) => string
}

const gap = 2
const narrowest = 8

export function table(shape: TableShape): readonly string[] {
  const indent = ' '.repeat(shape.indent ?? 2)
  const rows = shape.rows.map((row) =>
    row.map((cell): Cell => (typeof cell === 'string' ? { text: cell } : cell)),
  )
  const titles = shape.columns.map(({ title }): Cell => ({
    text: title,
    ...(shape.titlePaint === undefined ? {} : { paint: shape.titlePaint }),
  }))
  const widths = columnWidths(shape, [titles, ...rows], shape.width - indent.length)
  return [titles, ...rows].flatMap((row) => rowLines(row, widths, shape.columns).map((line) => indent + line))
}

function columnWidths(
  shape: TableShape,
  rows: readonly (readonly Cell[])[],
  available: number,
): readonly number[] {
  const widths = shape.columns.map((_, index) =>
    Math.max(...rows.map((row) => textWidth(row[index]?.text ?? ''))),
  )
  const room = available - gap * (widths.length - 1)
  const flexible = shape.columns
    .map((column, index) => (column.flexible === true ? index : -1))
    .filter((i) => i >= 0)
  const shrinkable = flexible.length > 0 ? flexible : [widths.indexOf(Math.max(...widths))]
  for (;;) {
    const excess = widths.reduce((sum, width) => sum + width, 0) - room
    const widest = shrinkable.reduce((a, b) => ((widths[b] ?? 0) > (widths[a] ?? 0) ? b : a))
    const width = widths[widest] ?? 0
    if (excess <= 0 || width <= narrowest) return widths
    const others = shrinkable.filter((index) => index !== widest).map((index) => widths[index] ?? 0)
    widths[widest] = Math.max(narrowest, width - excess, Math.min(width - 1, Math.max(0, ...others)))
  }
}

function rowLines(
  row: readonly Cell[],
  widths: readonly number[],
  columns: readonly Column[],
): readonly string[] {
  const cells = row.map((cell, index) => wrap(cell.text, widths[index] ?? 0))
  const height = Math.max(1, ...cells.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) =>
    row
      .map((cell, index) => {
        const text = cells[index]?.[line] ?? ''
        const pad = columns[index]?.align === 'right' ? padStart : padEnd
        const last = index === row.length - 1
        const padded = last && columns[index]?.align !== 'right' ? text : pad(text, widths[index] ?? 0)
        return cell.paint === undefined || text === '' ? padded : cell.paint(padded)
      })
      .join(' '.repeat(gap))
      .trimEnd(),
  )
}
