/** Claims every place a plan will touch, before anything is touched: all of them, or none. */
import pLimit from 'p-limit'
import { DeployError } from '../base/deploy-error.js'
import type { Plan } from '../model/plan.js'
import type { Release } from '../model/release.js'
import type { DriverSpec } from '../model/spec.js'
import type { Claim } from '../model/target.js'
import { thisHost } from '../model/host-spec.js'
import { samePlace } from '../plan/diff.js'
import type { World } from './world.js'

const claimsAtOnce = 16

export interface Claimant {
  readonly deployment: string
  readonly by: string
  /** What only takes things away needs no room for them. */
  readonly brings: 'releases' | 'nothing'
}

export async function claimPlaces(
  world: World,
  plan: Plan,
  { brings, ...claimant }: Claimant,
  signal: AbortSignal,
): Promise<Claim> {
  const limit = pLimit(claimsAtOnce)
  const claims: Claim[] = []
  const release = async (): Promise<void> => {
    await Promise.allSettled(claims.map((claim) => limit(() => claim.release())))
  }
  const refusals: unknown[] = []
  await Promise.all(
    placesOf(world, plan).map(({ service, spec, incoming }) =>
      limit(async () => {
        try {
          const request = { ...claimant, incoming: brings === 'nothing' ? [] : incoming }
          claims.push(await world.target(spec, { service, host: thisHost }).claim(request, signal))
        } catch (error) {
          refusals.push(error)
        }
      }),
    ),
  )
  if (refusals.length === 0) return { release }
  await release()
  throw combined(refusals)
}

/** A first refusal speaks for all; the others are its details, so that they can be mended in one go. */
function combined(refusals: readonly unknown[]): unknown {
  const [first, ...others] = refusals
  if (others.length === 0 || !(first instanceof DeployError)) return first
  return new DeployError(first.code, first.message, {
    details: [
      ...first.details,
      ...others.map((error) => `also: ${error instanceof Error ? error.message : String(error)}`),
    ],
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    cause: first,
  })
}

interface Place {
  readonly service: string
  readonly spec: DriverSpec
  readonly incoming: readonly Release[]
}

function placesOf(world: World, plan: Plan): readonly Place[] {
  const staged = new Map<string, Release[]>()
  for (const step of plan.steps) {
    if (step.apply.verb !== 'stage') continue
    const instance = plan.instances[step.apply.instance]
    if (instance !== undefined)
      staged.set(instance.service, [...(staged.get(instance.service) ?? []), instance.release])
  }
  return plan.changes.flatMap((change): readonly Place[] => {
    if (change.kind === 'none') return []
    const after = change.after?.spec.target
    const before = change.before?.spec.target
    const here: readonly Place[] =
      after === undefined
        ? []
        : [{ service: change.service, spec: after, incoming: staged.get(change.service) ?? [] }]
    const moved =
      before !== undefined && (after === undefined || !samePlace(before, after, world.traits(before.type)))
    return moved ? [...here, { service: change.service, spec: before, incoming: [] }] : here
  })
}
