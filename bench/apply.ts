/**
 * What an apply costs beside Terraform's: the engine alone with steps that do nothing, each written to a real journal
 * before and after; and the whole program on as many services, which really copies releases and switches links.
 */
import { rmSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { localStore } from '../src/drivers/stores/local/local-store.js'
import { systemClock } from '../src/drivers/system/system-clock.js'
import { systemShell } from '../src/drivers/system/system-shell.js'
import { execute } from '../src/execute/execute.js'
import type { Performers } from '../src/execute/perform.js'
import type { Plan, Step } from '../src/model/plan.js'
import type { Ports } from '../src/model/ports.js'
import { ourCommand, show, summary, time, type Row } from './measure.js'
import { inTemporaryFolder, writeProject, writeTerraform } from './projects.js'

const steps = 1000

export async function benchApply(): Promise<readonly Row[]> {
  const terraform = await inTemporaryFolder((folder) => {
    const command = writeTerraform(folder, steps)
    return command === undefined ? undefined : time(command('apply', '-auto-approve'))
  })
  const beside =
    terraform === undefined ? 'terraform is not installed' : `terraform ${(terraform / 1000).toFixed(1)} s`
  const engine: number[] = []
  for (let round = 0; round < 5; round++) engine.push(await inTemporaryFolder(runEngine))
  const least = summary(engine).minMs
  const ratio = terraform === undefined ? '' : ` = ${(least / terraform).toFixed(3)} ×`
  const met = least <= 1000 && (terraform === undefined || least / terraform <= 0.06)
  const whole = await inTemporaryFolder(runWhole)
  return [
    {
      what: `apply of ${steps} steps that do nothing, journalled`,
      ours: `${show(summary(engine))}${ratio}`,
      baseline: beside,
      goal: '≤ 1 s, ≤ 0.06 ×',
      verdict: met ? 'met' : 'missed',
    },
    {
      what: `apply of ${steps} services, whole program`,
      ours: show(summary(whole)),
      baseline: beside,
      goal: '–',
      verdict: '–',
    },
  ]
}

/** The real executor and the real journal; performers that do nothing. */
async function runEngine(folder: string): Promise<number> {
  const plan = emptyPlan()
  const store = localStore.create({ type: 'local' }, portsIn(folder))
  const nothing = async (): Promise<void> => {}
  const performers: Performers = {
    stage: nothing,
    discard: nothing,
    start: nothing,
    stop: nothing,
    route: nothing,
    drain: nothing,
    check: nothing,
    watch: nothing,
    pause: nothing,
    wait: nothing,
    hook: nothing,
    prune: nothing,
  }
  const begun = performance.now()
  const journal = await store.createJournal({
    type: 'deployctl-journal',
    format: 1,
    deployment: '000001',
    at: new Date(0).toISOString(),
    by: 'bench',
    host: hostname(),
    pid: process.pid,
    plan,
  })
  const outcome = await execute(plan, {
    performers,
    journal,
    statuses: new Map(),
    clock: systemClock,
    emit: () => {},
    deployment: '000001',
    interrupt: new AbortController().signal,
    lost: new AbortController().signal,
    undos: [],
    allowsLeftovers: false,
  })
  await journal.close()
  if (outcome.kind !== 'applied') throw new Error(`the bench's plan was ${outcome.kind}`)
  return performance.now() - begun
}

function emptyPlan(): Plan {
  const step = (index: number): Step => ({
    id: `step-${index}`,
    title: `step ${index}`,
    service: null,
    host: null,
    needs: [],
    apply: { verb: 'stage', instance: 'none' },
    revert: { verb: 'discard', instance: 'none' },
    timeoutMs: 60_000,
    tolerant: false,
    risks: [],
  })
  return {
    format: 1,
    id: 'sha256:0',
    project: 'bench',
    environment: 'local',
    command: 'apply',
    basis: { lineage: '', serial: 0, configDigest: '', observedDigest: '' },
    changes: [],
    drift: [],
    notices: [],
    steps: Array.from({ length: steps }, (_, index) => step(index)),
    afterUnwind: [],
    onFailure: [],
    instances: {},
    specs: {},
    sources: {},
    outcome: {},
    parallelism: 10,
    fate: {},
    renamed: {},
  }
}

function portsIn(folder: string): Ports {
  return {
    clock: systemClock,
    shell: systemShell,
    secrets: { reveal: async (text) => text, mask: (text) => text, maskAll: (data) => data },
    projectDirectory: folder,
    cacheDirectory: join(folder, 'cache'),
    machine: { hostName: hostname(), user: userInfo().username, pid: process.pid },
    program: [process.execPath],
    env: process.env,
  }
}

function runWhole(folder: string): number[] {
  writeProject(folder, steps)
  const taken: number[] = []
  for (let round = 0; round < 2; round++) {
    for (const name of ['.deployctl', 'srv']) rmSync(join(folder, name), { recursive: true, force: true })
    taken.push(time(ourCommand(['apply', '--auto-approve', '--quiet'], folder)))
  }
  return taken
}
