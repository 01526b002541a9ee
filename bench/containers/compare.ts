/** Several contenders in the same run, on the same engine, with the same app and load, one after the other; and the table. */
import { deployUnderLoad, type Contender, type ContenderResult, type Course } from './contender.js'
import type { Ground } from './ground.js'

export async function compare(
  ground: Ground,
  contenders: readonly Contender[],
  course: Course,
  tell: (line: string) => void = () => undefined,
): Promise<readonly ContenderResult[]> {
  const results: ContenderResult[] = []
  for (const contender of contenders) {
    tell(`${contender.name} …`)
    results.push(await deployUnderLoad(contender, ground, course))
  }
  return results
}

type Column = readonly [string, (result: ContenderResult) => string | number]

const columns: readonly Column[] = [
  ['contender', ({ name }) => name],
  ['deployments', ({ deployments }) => deployments],
  ['each', ({ took }) => `${(took.reduce((sum, ms) => sum + ms, 0) / took.length / 1000 || 0).toFixed(1)} s`],
  ['requests', ({ load }) => load.sent],
  ['lost', ({ load }) => load.lost],
  ['refused', ({ load }) => load.endings.refused],
  ['reset', ({ load }) => load.endings.reset],
  ['cut', ({ load }) => load.endings.cut],
  ['5xx', ({ load }) => load.endings.serverError],
  ['other', ({ load }) => load.endings.otherStatus + load.endings.timedOut],
  ['connections reset', ({ load }) => load.connections.reset],
  ['late', ({ load }) => load.late],
  ['p50', ({ load }) => `${load.latency.p50.toFixed(1)} ms`],
  ['p99', ({ load }) => `${load.latency.p99.toFixed(1)} ms`],
  ['sockets cut', ({ load }) => load.webSockets.cut],
]

export function tableOf(results: readonly ContenderResult[]): string {
  const rows = [columns.map(([title]) => title)]
  for (const result of results) rows.push(columns.map(([, cell]) => String(cell(result))))
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join('  '),
    )
    .join('\n')
}
