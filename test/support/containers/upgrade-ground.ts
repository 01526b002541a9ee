/**
 * A service of containers behind HAProxy that has been upgraded so often that every further upgrade leaves the same
 * world but for its version: where tests kill an upgrade, recover it, and look whether the world is that of before or of
 * after. Versions are `1.0.PATCH`.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../contract/loopback.js'
import type { CliOptions, CliResult } from '../built-cli.js'
import { containerProject, type ContainerProject } from './container-project.js'
import type { TestEngine } from './engine.js'
import { worldOfService, type ServiceWorld } from './service-world.js'

const strategy = '{ type: blue-green, monitor: 100ms, drain: 1s }'
const preload = join(import.meta.dirname, '..', 'kill-at-write.cjs')

export interface UpgradeGround {
  readonly project: ContainerProject
  /** The version that serves. */
  readonly patch: number
  /** Goes to the next version; killed at a moment of its journal when there is one (0: it only counts them). */
  upgrade(killAt?: number, options?: Partial<CliOptions>): Promise<CliResult>
  /** How many moments the journal of an upgrade has. An upgrade counts them. */
  moments(): Promise<number>
  recover(direction: 'resume' | 'unwind'): Promise<CliResult>
  /** Undefined when the world is the steady one and a plan has nothing to do; otherwise what differs. */
  unsteady(what: string, result: CliResult): Promise<string | undefined>
  /** A deployment began and did not end. */
  isOpen(): Promise<boolean>
}

export async function upgradeGround(engine: TestEngine): Promise<UpgradeGround> {
  const project = await containerProject(engine)
  const port = await freePort()
  const count = join(project.folder, 'count')
  let patch = 0
  const offer = async (version: number): Promise<void> => {
    await project.publish(`1.0.${version}`)
    await project.configure(`1.0.${version}`, { strategy, listen: port, target: 'keepReleases: 2' })
  }
  const world = (): Promise<ServiceWorld> => worldOfService(project, patch, port)
  const isOpen = async (): Promise<boolean> => {
    const journals = join(project.folder, '.deployctl', 'journals')
    for (const name of await readdir(journals, { recursive: true })) {
      if (!name.endsWith('.jsonl')) continue
      const lines = (await readFile(join(journals, name), 'utf8')).split('\n').slice(0, -1)
      if (lines.length > 0 && !lines.some((line) => line.includes('"type":"closed"'))) return true
    }
    return false
  }
  const upgrade: UpgradeGround['upgrade'] = async (killAt, options = {}) => {
    await offer(patch + 1)
    const env =
      killAt === undefined
        ? {}
        : { NODE_OPTIONS: `--require ${preload}`, KILL_AT: String(killAt), KILL_COUNT: count }
    const result = await project.apply({ ...options, env })
    if (result.code === 0) patch++
    return result
  }
  const recover: UpgradeGround['recover'] = async (direction) => {
    const result = await project.run(['recover', `--${direction}`])
    if (result.code === 0 && direction === 'resume') patch++
    return result
  }
  for (let turn = 0; turn < 3; turn++) {
    const result = await upgrade()
    if (result.code !== 0) throw new Error(`${result.stdout}\n${result.stderr}`)
  }
  const steady = await world()
  return {
    project,
    get patch() {
      return patch
    },
    upgrade,
    moments: async () => Number(await readFile(count, 'utf8')),
    recover,
    isOpen,
    async unsteady(what, result) {
      const found = await world()
      const differing = Object.keys(steady).filter((key) => String(found[key]) !== String(steady[key]))
      // What is recorded and what is there must agree: a plan for what serves has nothing to do.
      await offer(patch)
      const plan = await project.run(['plan', '--detailed-exitcode'])
      if (result.code === 0 && differing.length === 0 && plan.code === 0) return undefined
      const lines = differing.map((key) => `  ${key}: ${String(found[key])}\n     not ${String(steady[key])}`)
      return `after ${what} (exit ${result.code}), version 1.0.${patch}\n${lines.join('\n')}\n${result.stdout}${result.stderr}${plan.stdout}`
    },
  }
}
