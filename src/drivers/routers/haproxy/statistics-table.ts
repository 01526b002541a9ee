/** Reads the table of `show stat`: comma-separated, with its columns' names in the first line. Pure. */

export type StatisticsRow = ReadonlyMap<string, string>

/** Null when it is no such table. */
export function parseStatistics(text: string): readonly StatisticsRow[] | null {
  const [head = '', ...lines] = text.split('\n')
  if (!head.startsWith('# pxname,')) return null
  const columns = cells(head.slice(2))
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => new Map(cells(line).map((cell, at) => [columns[at] ?? `${at}`, cell])))
}

/** Cells with commas or quotes in them stand in quotes, and quotes are doubled there. */
function cells(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, bare = '']) => quoted?.replaceAll('""', '"') ?? bare,
  )
}
