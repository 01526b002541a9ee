/**
 * `npx tsx bench/process/run.ts [RELEASES] [LANGUAGE]`: what releases in server mode lose under a steady load, beside what one would
 * use instead. 100 requests a second, one in five over a fresh connection, one in twenty lasting 8 seconds; one release
 * never becomes well, and one falls over after ten seconds. The program has to be built.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../test/services/free-port.mjs'
import { languages } from './apps.js'
import { courseOf, runCourse, type Result } from './contender.js'
import { deployctl } from './peers/deployctl.js'
import { pm2 } from './peers/pm2.js'
import { startServer } from './peers/start-server.js'

const course = courseOf(Number(process.argv[2] ?? 10))
const wanted = languages.filter(({ name }) => (process.argv[3] ?? name) === name)
const results: Result[] = []
for (const language of wanted) {
  for (const contender of [deployctl, startServer, pm2]) {
    console.error(`${contender.name}, ${language.name} …`)
    const folder = mkdtempSync(join(tmpdir(), 'deployctl-bench-'))
    try {
      const result = await runCourse(contender, { folder, port: await freePort(), language }, course)
      if (result !== null) results.push(result)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

type Column = readonly [string, (result: Result) => string | number]
const columns: readonly Column[] = [
  ['contender', ({ contender }) => contender],
  ['app', ({ language }) => language],
  ['releases', ({ took }) => took.length],
  ['each', ({ took }) => `${(took.reduce((sum, ms) => sum + ms, 0) / took.length / 1000).toFixed(1)} s`],
  ['good again by itself', ({ backByItself, bad }) => `${backByItself} of ${bad}`],
  ['requests', ({ load }) => load.sent],
  ['lost', ({ load }) => load.lost],
  ['refused', ({ load }) => load.endings.refused],
  ['reset', ({ load }) => load.endings.reset],
  ['cut', ({ load }) => load.endings.cut],
  ['5xx', ({ load }) => load.endings.serverError],
  ['other', ({ load }) => load.endings.otherStatus + load.endings.timedOut],
  ['late', ({ load }) => load.late],
  ['p50', ({ load }) => `${load.latency.p50.toFixed(1)} ms`],
  ['p99', ({ load }) => `${load.latency.p99.toFixed(1)} ms`],
]
const rows = [
  columns.map(([title]) => title),
  ...results.map((one) => columns.map(([, cell]) => String(cell(one)))),
]
const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
for (const row of rows) {
  console.log(
    row
      .map((cell, index) => (index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  '),
  )
}
for (const { contender, language, load } of results) {
  for (const loss of load.losses.slice(0, 3))
    console.error(`${contender}, ${language}: ${JSON.stringify(loss)}`)
}
