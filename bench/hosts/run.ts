/**
 * `npx tsx bench/hosts/run.ts [1 20 100]`: a release of 200 files and 2 MB to so many hosts with real sshd, on this machine:
 * deployctl beside the floor, a parallel loop of `ssh HOST 'tar xz; ln -s; mv -T'`, and Ansible and Capistrano where they
 * are installed. And what a deployment costs that changes nothing. Needs root on Linux, as the tests with hosts do.
 */
import { availableParallelism, loadavg } from 'node:os'
import { userCacheIn } from '../measure.js'
import { again, ansible, capistrano, deployctl, floor, type Contender } from './contenders.js'
import { openGround, type Ground } from './ground.js'
import { watchedRun, type Cost } from './watched-run.js'

const all = [floor, deployctl, ansible, capistrano]
const contenders = all.filter((contender) => contender.isThere())
const missing = all.filter((contender) => !contenders.includes(contender)).map(({ name }) => name)
const rounds = 3

console.log(
  `Node ${process.version}, ${availableParallelism()} cores${missing.length > 0 ? `; without ${missing.join(' and ')}` : ''}\n`,
)
for (const count of sizes()) {
  const ground = await openGround(count)
  try {
    const costs = new Map(contenders.map(({ name }): [string, Cost[]] => [name, []]))
    for (let round = 0; round <= rounds; round++) {
      const version = `1.${round}.0`
      await ground.release(version)
      for (const contender of contenders) {
        const cost = await deploy(contender, ground, version)
        // the first brings each to life: folders, caches, what is compiled once
        if (round > 0) costs.get(contender.name)?.push(cost)
      }
    }
    const idle: Cost[] = []
    for (let round = 0; round < rounds; round++) idle.push(await run(again, ground))
    const base = least(costs.get(floor.name) ?? [], 'ms')
    const load = loadavg()[0]?.toFixed(1) ?? ''
    console.log(`${count} ${count === 1 ? 'host' : 'hosts'} (load ${load}); the least of ${rounds}`)
    for (const [name, taken] of costs) show(name, taken, base)
    show('nothing to do', idle, base)
  } finally {
    await ground.end()
  }
}

function show(name: string, costs: readonly Cost[], baseMs: number): void {
  const ms = least(costs, 'ms')
  const seconds = (value: number): string => `${(value / 1000).toFixed(2).padStart(7)} s`
  const mebibytes = `${(least(costs, 'peakBytes') / 2 ** 20).toFixed(0).padStart(5)} MiB`
  const cpu = `${seconds(least(costs, 'cpuMs'))} CPU`
  console.log(
    `  ${name.padEnd(18)} ${seconds(ms)}  ${(ms / baseMs).toFixed(2).padStart(5)} × the floor ${cpu} ${mebibytes}`,
  )
}

function least(costs: readonly Cost[], what: keyof Cost): number {
  return Math.min(...costs.map((cost) => cost[what]))
}

async function deploy(contender: Contender, ground: Ground, version: string): Promise<Cost> {
  return run(await contender.deploy(ground, version), ground)
}

function run(command: readonly string[], { folder }: Ground): Promise<Cost> {
  return watchedRun(command, { cwd: folder, env: { ...process.env, XDG_CACHE_HOME: userCacheIn(folder) } })
}

function sizes(): readonly number[] {
  const wanted = process.argv.slice(2).map(Number)
  return wanted.length > 0 ? wanted : [1, 20, 100]
}
