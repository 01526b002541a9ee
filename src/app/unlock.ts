/**
 * Takes away what somebody who is gone has left: the lock of the environment, by its id, or what a deployment has claimed
 * on targets, by the id of that deployment. A person says so; what is known from here to live is not taken away.
 */
import pLimit from 'p-limit'
import { DeployError, reportOf } from '../base/deploy-error.js'
import type { HostSpec } from '../model/host-spec.js'
import { forHost } from '../model/interpolate-host.js'
import type { DriverSpec } from '../model/spec.js'
import { recordedHosts, recordedOn, type RecordedState } from '../model/state.js'
import { openHostBook, type HostBook } from './host-book.js'
import type { Unlocked } from './requests.js'
import { readState } from './read-state.js'
import type { World } from './world.js'

const looksAtOnce = 64

export async function unlock(world: World, id: string, signal: AbortSignal): Promise<Unlocked> {
  const { environment } = world.config
  const holder = await world.store.lockHolder(environment)
  if (holder?.id === id)
    return { lock: await world.store.breakLock(environment, id), claims: [], problems: [] }
  const found = await removeClaims(world, id, signal)
  if (found.claims.length > 0) return { lock: null, ...found }
  const [trouble] = found.problems
  if (trouble === undefined)
    return { lock: await world.store.breakLock(environment, id), claims: [], problems: [] }
  const { code, message, hint, details = [] } = trouble.error
  throw new DeployError(code, message, { details, ...(hint === undefined ? {} : { hint }) })
}

async function removeClaims(
  world: World,
  deployment: string,
  signal: AbortSignal,
): Promise<Pick<Unlocked, 'claims' | 'problems'>> {
  const state = await readState(world)
  const book = await openHostBook(world, state, signal)
  const limit = pLimit(looksAtOnce)
  const claims: Unlocked['claims'][number][] = []
  const problems: Unlocked['problems'][number][] = []
  await Promise.all(
    placesOf(world, state, book).map(({ service, host, spec }) =>
      limit(async () => {
        try {
          const target = world.target(spec, { service, host })
          for (const holder of (await target.unclaim?.(deployment, signal)) ?? [])
            claims.push({ service, host: host.name, ...holder })
        } catch (error) {
          problems.push({ service, host: host.name, error: reportOf(error) })
        }
      }),
    ),
  )
  return { claims, problems }
}

interface Place {
  readonly service: string
  readonly host: HostSpec
  readonly spec: DriverSpec
}

/** Wherever a service is by the record, and wherever it should be. */
function placesOf(world: World, state: RecordedState | null, book: HostBook): readonly Place[] {
  const { services } = world.config
  const wanted = Object.values(services).flatMap((config) =>
    book.wanted(config).map((host): Place => {
      return { service: config.name, host, spec: forHost(config.target, host).value }
    }),
  )
  const recorded = Object.entries(state?.services ?? {}).flatMap(([service, record]) =>
    recordedHosts(record).flatMap((name): Place | readonly Place[] => {
      const spec = recordedOn(record, name)?.spec.target
      return spec === undefined ? [] : { service, host: book.named(name), spec }
    }),
  )
  return [...wanted, ...recorded]
}
