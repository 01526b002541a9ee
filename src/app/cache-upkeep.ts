/**
 * Keeping the cache within its limits without taking from it what somebody may need: the releases on record in any
 * environment, to go back to, and those of deployments under way. When that cannot be known, nothing is removed.
 */
import { reportOf } from '../base/deploy-error.js'
import type { CacheEntry, Pruned } from '../model/cache.js'
import { showVersion } from '../model/release.js'
import type { CacheReport, CacheRow } from './requests.js'
import type { World } from './world.js'

export async function listCache(world: World, signal: AbortSignal): Promise<CacheReport> {
  const needs = await neededReleases(world)
  const rows = (await world.cache.list(signal)).map((entry): CacheRow => ({
    ...entry,
    neededBy: entry.digest === null ? [] : [...(needs.get(entry.digest) ?? [])],
  }))
  return { rows, limits: world.config.cache }
}

export async function pruneCache(world: World, signal: AbortSignal): Promise<Pruned> {
  const needed = new Set((await neededReleases(world)).keys())
  return world.cache.prune(world.config.cache, needed, signal)
}

/** After a deployment: whatever happens here, what was deployed stays deployed. */
export async function tidyCache(
  world: World,
  notice: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    await pruneCache(world, signal)
  } catch (error) {
    if (signal.aborted) return
    const { message, hint } = reportOf(error)
    notice(`the cache was not pruned: ${message}${hint === undefined ? '' : ` (${hint})`}`)
  }
}

export async function verifyCache(
  world: World,
  onChecked: (entry: CacheEntry, sound: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  await world.cache.verify(onChecked, signal)
}

/** Digests of releases, and who needs each: `staging: web v1.4.2`. */
async function neededReleases(world: World): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const needs = new Map<string, Set<string>>()
  const need = (digest: string, who: string): void => {
    const others = needs.get(digest)
    if (others === undefined) needs.set(digest, new Set([who]))
    else others.add(who)
  }
  for (const environment of await world.store.environments()) {
    const state = await world.store.read(environment)
    for (const [service, { active, previous, pin }] of Object.entries(state?.services ?? {})) {
      const named = (version: string): string => `${environment}: ${service} ${showVersion(version)}`
      for (const { release } of [active, ...previous]) need(release.digest, named(release.version))
      if (pin !== null) need(pin.digest, named(pin.version))
    }
    for (const deployment of await world.store.unfinished(environment)) {
      const journal = await world.store.readJournal(environment, deployment)
      for (const { release } of Object.values(journal?.header.plan.instances ?? {})) {
        need(release.digest, `${environment}: deployment ${deployment}`)
      }
    }
  }
  return needs
}
