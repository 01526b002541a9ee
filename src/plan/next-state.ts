/** The state after a deployment: what was applied as planned, what was undone as it was, and what failed held. Pure. */
import type { ErrorCode } from '../base/deploy-error.js'
import { instanceId, type Instance } from '../model/instance.js'
import type { Failure, HostFailure, Outcome } from '../model/outcome.js'
import type { Plan, ServiceOutcome } from '../model/plan.js'
import type { Deployed, Hold, Lag, RecordedService, RecordedState } from '../model/state.js'
import { holdsOf, recordedOn } from '../model/state.js'
import { specsOf } from '../model/spec.js'

export interface Signature {
  readonly deployment: string
  readonly at: string
  readonly by: string
}

/** Failures that say nothing of the release itself: it may be tried again by itself once the world is mended. */
const blameless: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ARTIFACT_MISSING',
  'CANCELLED',
  'DISK_FULL',
  'IO_FAILED',
  'LOCKED',
  'LOCK_LOST',
  'PERMISSION_DENIED',
  'SECRET_MISSING',
  'SOURCE_DENIED',
  'SOURCE_NOT_FOUND',
  'SOURCE_RATE_LIMITED',
  'SOURCE_UNREACHABLE',
  'STATE_WRITE_FAILED',
  'TARGET_REFUSED',
])

export function nextState(
  state: RecordedState | null,
  plan: Plan,
  outcome: Pick<Outcome, 'services' | 'failures' | 'lagging'>,
  signature: Signature,
  lineage: string,
): RecordedState {
  const services: Record<string, RecordedService> = { ...state?.services }
  const orphanHolds: Record<string, readonly Hold[]> = { ...state?.orphanHolds }
  const heirs = new Map(Object.entries(plan.renamed).map(([heir, service]) => [service, heir]))
  for (const [service, planned] of Object.entries(plan.outcome)) {
    // A service whose record another takes over (a rename) shares that one's fate.
    if (outcome.services[heirs.get(service) ?? service] !== 'applied') continue
    if (planned === null) Reflect.deleteProperty(services, service)
    else {
      const failed = outcome.lagging.filter((lag) => lag.service === service)
      services[service] = applyOutcome(service, planned, services[service] ?? null, failed, plan, signature)
    }
    Reflect.deleteProperty(orphanHolds, service)
  }
  for (const [service, hold] of failedReleases(plan, outcome, signature)) {
    const holds = [...holdsOf(state, service).filter((held) => held.digest !== hold.digest), hold]
    const recorded = services[service]
    if (recorded === undefined) orphanHolds[service] = holds
    else services[service] = { ...recorded, holds }
  }
  return {
    format: 1,
    lineage: state?.lineage ?? lineage,
    serial: (state?.serial ?? 0) + 1,
    project: plan.project,
    environment: plan.environment,
    written: { at: signature.at, by: signature.by, cause: signature.deployment },
    services,
    orphanHolds,
  }
}

function applyOutcome(
  service: string,
  planned: ServiceOutcome,
  recorded: RecordedService | null,
  failed: readonly HostFailure[],
  plan: Plan,
  signature: Signature,
): RecordedService {
  const { at, by, deployment } = signature
  const after = plan.changes.find((change) => change.service === service)?.after ?? null
  if (after === null) throw new Error(`the plan does not say what ${service} is to be`)
  const lags: readonly Lag[] = [
    ...(planned.lagging ?? []).map((lag) => ({ at, deployment, ...lag })),
    ...failed.flatMap((failure) => lagOf(failure, planned, recorded, plan, signature) ?? []),
  ]
  const behind = new Set(lags.map(({ host }) => host))
  const instances = planned.active
    .flatMap((id): Instance | readonly Instance[] => plan.instances[id] ?? [])
    .filter(({ host }) => !behind.has(host))
  const dated = planned.deployed || recorded === null ? { at, deployment } : recorded.active
  const { hosts } = plan
  const { release, spec } = after
  const specs = specsOf(
    after,
    instances.map(({ host }) => host),
  )
  const active = withHosts(
    { release, spec, ...specs, instances, at: dated.at, deployment: dated.deployment },
    hosts,
  )
  return {
    active,
    ...(lags.length === 0 ? {} : { lagging: lags }),
    previous: warmed(planned, at),
    holds: planned.holds.map((hold) => ({ at, by, deployment, ...hold })),
    pin: planned.pin === null ? null : { at, by, ...planned.pin },
  }
}

/** Null when the host has what it should have by the record, and only a repair failed: that shows as drift. */
function lagOf(
  { host, error }: HostFailure,
  planned: ServiceOutcome,
  recorded: RecordedService | null,
  plan: Plan,
  { at, deployment }: Signature,
): Lag | null {
  const has = recordedOn(recorded, host)
  const wanted = planned.active.filter((id) => plan.instances[id]?.host === host)
  const same = (has?.instances ?? []).map(instanceId)
  const isBehind = recorded?.lagging?.some((lag) => lag.host === host) ?? false
  if (!planned.deployed && !isBehind && wanted.length > 0 && wanted.join() === same.join()) return null
  return { host, has, reason: error.message, at, deployment }
}

/** Only those that its instances are on. */
function withHosts(deployed: Deployed, hosts: Plan['hosts']): Deployed {
  const used = deployed.instances.flatMap(({ host }) => hosts?.[host] ?? [])
  if (used.length === 0) return deployed
  return { ...deployed, hosts: Object.fromEntries(used.map((host) => [host.name, host])) }
}

/** New releases whose own step failed; a failure of the whole deployment's hooks is every new release's. */
export function failedReleases(
  plan: Plan,
  outcome: Pick<Outcome, 'services' | 'failures'>,
  { at, by, deployment }: Signature,
): readonly (readonly [string, Hold])[] {
  return plan.changes.flatMap((change) => {
    if (change.after === null || outcome.services[change.service] !== 'unwound') return []
    if (change.before?.release.digest === change.after.release.digest) return []
    const { version, digest } = change.after.release
    const failure = outcome.failures.find((failed) => concerns(failed, change.service))
    if (failure === undefined) return []
    const cause = failure.error.code === 'ABORTED' ? 'person' : 'failed'
    return [
      [
        change.service,
        { version, digest, cause, reason: failure.error.message, at, by, deployment },
      ] as const,
    ]
  })
}

function concerns(failure: Failure, service: string): boolean {
  // A person who ends a deployment means its releases, all of them.
  if (failure.error.code === 'ABORTED') return true
  if (failure.step === null || blameless.has(failure.error.code)) return false
  return failure.service === service || failure.service === null
}

/** The release that has just been replaced stays up for a while where its strategy says so. */
function warmed({ previous, keepWarmMs }: ServiceOutcome, at: string): RecordedService['previous'] {
  const [latest, ...earlier] = previous
  if (latest === undefined || keepWarmMs === 0) return previous
  const warmUntil = new Date(Date.parse(at) + keepWarmMs).toISOString()
  return [{ ...latest, warmUntil }, ...earlier]
}
