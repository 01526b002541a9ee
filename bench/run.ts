/**
 * `npm run bench [start-up plan apply kills unpack agent]`: what deployctl costs, each line with its baseline in the same run.
 * Times are the least of several runs, the middle one in brackets.
 */
import { availableParallelism } from 'node:os'
import { benchAgent } from './agent.js'
import { benchApply } from './apply.js'
import { benchKills } from './kills.js'
import { benchPlanMany } from './plan-many.js'
import { benchStartUp } from './start-up.js'
import { benchUnpack } from './unpack.js'
import type { Row } from './measure.js'

const benches: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  'start-up': benchStartUp,
  plan: benchPlanMany,
  apply: benchApply,
  kills: benchKills,
  unpack: benchUnpack,
  agent: benchAgent,
}

const wanted = process.argv.slice(2)
const rows: Row[] = []
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.error(`${name} …`)
  rows.push(...(await bench()))
}

console.log(`Node ${process.version}, ${availableParallelism()} cores\n`)
const header = { what: 'what', ours: 'deployctl', baseline: 'beside', goal: 'goal', verdict: '' }
const columns = ['what', 'ours', 'baseline', 'goal', 'verdict'] as const
const table = [header, ...rows]
const widths = columns.map((column) => Math.max(...table.map((row) => row[column].length)))
for (const row of table) {
  console.log(
    columns
      .map((column, index) => row[column].padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
