/** A way to deploy, and what it loses: so many deployments in a row while a steady load runs. */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad, type LoadOptions } from './load.js'
import type { LoadResult } from './load-result.js'
import type { Ground } from './ground.js'

export interface Contender {
  /** For the table. */
  readonly name: string
  /** Set for one that only pretends to deploy: the first version goes on serving. */
  readonly isControl?: boolean
  /** What it deploys, in order, where that is not one version after the other. */
  versions?(first: string, others: readonly string[]): readonly string[]
  /** Deploys the first version; nobody asks for it yet. */
  start(ground: Ground, version: string): Promise<Deployer>
}

export interface Deployer {
  /** `HOST:PORT` where users ask; the same for all versions. */
  readonly address: string
  /** Resolves when the version serves and the old one is gone, or whenever the tool thinks that it is done. */
  deploy(version: string): Promise<void>
  /** Ends everything that it started. */
  stop(): Promise<void>
}

export interface Course {
  /** What is deployed, in order, after `first`. */
  readonly versions: readonly string[]
  readonly first: string
  /** Between deployments, so that each meets a load that has settled. */
  readonly pauseMs: number
  readonly load: Omit<LoadOptions, 'address'>
}

export interface ContenderResult {
  readonly name: string
  readonly deployments: number
  /** In milliseconds, each. */
  readonly took: readonly number[]
  readonly load: LoadResult
}

/** A course of `count` deployments under the load of the claim: 100 requests a second, 5 % of them lasting 8 seconds. */
export function courseOf(count: number, load: Omit<LoadOptions, 'address'> = {}): Course {
  const versions = Array.from({ length: count }, (_, index) => `v${index + 2}`)
  return { first: 'v1', versions, pauseMs: 2000, load: { webSockets: 10, reopenWebSockets: true, ...load } }
}

export async function deployUnderLoad(
  contender: Contender,
  ground: Ground,
  course: Course,
): Promise<ContenderResult> {
  for (const version of [course.first, ...course.versions]) await ground.image(version)
  const deployer = await contender.start(ground, course.first)
  const took: number[] = []
  const versions = contender.versions?.(course.first, course.versions) ?? course.versions
  try {
    await serving(deployer.address, course.first)
    const load = startLoad({ ...course.load, address: deployer.address })
    try {
      await sleep(course.pauseMs)
      for (const version of versions) {
        const begun = performance.now()
        await deployer.deploy(version)
        took.push(performance.now() - begun)
        await serving(deployer.address, contender.isControl === true ? course.first : version)
        await sleep(course.pauseMs)
      }
    } finally {
      await load.stop()
    }
    return { name: contender.name, deployments: took.length, took, load: await load.finished }
  } finally {
    await deployer.stop()
  }
}

/** A deployment that did not happen loses nothing: the new version must really be there. */
export async function serving(address: string, version: string, withinMs = 30_000): Promise<void> {
  const end = performance.now() + withinMs
  for (let last = 'nothing'; ; await sleep(50)) {
    try {
      const answer = await fetch(`http://${address}/`, { headers: { connection: 'close' } })
      await answer.arrayBuffer()
      last = answer.headers.get('x-app-version') ?? `status ${answer.status}`
    } catch (error) {
      last = String(error)
    }
    if (last === version) return
    if (performance.now() > end) throw new Error(`${address} should serve ${version}: ${last}`)
  }
}
