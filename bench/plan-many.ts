/** What a plan of thousands of services costs beside as many resources of Terraform: first run, later runs, no change. */
import { rmSync } from 'node:fs'
import {
  measureInTurns,
  ourCommand,
  ratioRow,
  run,
  show,
  summary,
  time,
  userCacheIn,
  type Row,
  type Times,
} from './measure.js'
import { inTemporaryFolder, writeProject, writeTerraform } from './projects.js'

export async function benchPlanMany(): Promise<readonly Row[]> {
  return [
    ...(await planOf(1000, { first: 1, warm: 0.3 })),
    ...(await planOf(5000, { first: 0.5, warm: 0.2 })),
  ]
}

function planOf(services: number, goals: { first: number; warm: number }): Promise<readonly Row[]> {
  return inTemporaryFolder((folder) => {
    writeProject(folder, services)
    const terraform = writeTerraform(folder, services)
    const ours = ourCommand(['plan'], folder)
    const first: number[] = []
    for (let round = 0; round < 3; round++) {
      rmSync(userCacheIn(folder), { recursive: true, force: true }) // the parsed deploy.yaml lies there
      first.push(time(ours))
    }
    const [warm, theirs] = measureInTurns(terraform === undefined ? [ours] : [ours, terraform('plan')], 5)
    if (warm === undefined) return []
    return [
      row(`plan of ${services} services, first run`, summary(first), theirs, goals.first),
      row(`plan of ${services} services, config cached`, warm, theirs, goals.warm),
      ...(services > 1000 ? [] : noChange(folder, services)),
    ]
  })
}

/** The same once everything is applied. */
function noChange(folder: string, services: number): readonly Row[] {
  run(ourCommand(['apply', '--auto-approve', '--quiet'], folder))
  const terraform = writeTerraform(folder, services)
  if (terraform !== undefined) run(terraform('apply', '-auto-approve'))
  const ours = ourCommand(['plan', '--detailed-exitcode'], folder)
  const [warm, theirs] = measureInTurns(terraform === undefined ? [ours] : [ours, terraform('plan')], 3)
  return warm === undefined
    ? []
    : [row(`plan of ${services} services, nothing to do`, warm, theirs, undefined)]
}

function row(what: string, ours: Times, theirs: Times | undefined, most: number | undefined): Row {
  if (theirs !== undefined && most !== undefined) return ratioRow(what, ours, theirs, 'terraform', most)
  const baseline = theirs === undefined ? 'terraform is not installed' : `terraform ${show(theirs)}`
  return { what, ours: show(ours), baseline, goal: most === undefined ? '–' : `≤ ${most} ×`, verdict: '–' }
}
