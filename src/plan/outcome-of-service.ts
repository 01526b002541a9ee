/** What state will say of a service once the plan is applied: active, earlier releases, holds, pin. Pure. */
import { instanceId } from '../model/instance.js'
import type { PlanCommand, PlannedHold, PlannedLag, PlannedPin, ServiceOutcome } from '../model/plan.js'
import { showVersion } from '../model/release.js'
import { recordedOn, type Deployed, type Hold, type RecordedService } from '../model/state.js'
import type { DesiredService } from './desire.js'
import type { Difference } from './diff.js'
import type { TargetTraits } from '../model/target.js'
import { hasItAlready, type SkippedHost } from './host-parts.js'
import { demote, retain } from './retention.js'

export function outcomeOfService(input: {
  readonly command: PlanCommand
  readonly desired: DesiredService
  readonly difference: Difference
  readonly recorded: RecordedService | null
  /** Hosts that keep what they have. */
  readonly skipped: readonly SkippedHost[]
  readonly traits: TargetTraits
  readonly holds: readonly Hold[]
  readonly keepReleases: number
  readonly keepWarmMs: number
}): ServiceOutcome {
  const { command, desired, difference, recorded } = input
  if (command === 'restart' && recorded !== null) return unchanged(desired, recorded)
  const digest = desired.release.digest
  const left = recorded?.active.release ?? null
  const holds: PlannedHold[] = input.holds.filter((hold) => hold.digest !== digest)
  let pin: PlannedPin | null = recorded?.pin ?? null
  if (command === 'rollback' && left !== null && left.digest !== digest) {
    const reason = `rolled back from ${showVersion(left.version)}`
    if (!holds.some((hold) => hold.digest === left.digest)) {
      holds.push({ version: left.version, digest: left.digest, cause: 'rolledBack', reason })
    }
    pin = { version: desired.release.version, digest, reason }
  }
  // Another place has nothing of the earlier releases; they can only come from the source again.
  const moved = difference.change.kind === 'replace'
  const previous = moved ? [] : demote(recorded?.active ?? null, recorded?.previous ?? [], digest)
  const lagging = laggingHosts(desired, recorded, input.skipped, input.traits)
  const behind = new Set(lagging.map(({ host }) => host))
  const replaces = left !== null && left.digest !== digest && !moved
  return {
    active: desired.instances.filter(({ host }) => !behind.has(host)).map(instanceId),
    deployed: difference.everywhere,
    ...(lagging.length === 0 ? {} : { lagging }),
    // What was warm is not any more: it serves, or it is stopped.
    previous: retain(previous, holds, pin?.digest ?? null, input.keepReleases).map(cooled),
    keepWarmMs: replaces ? input.keepWarmMs : 0,
    holds,
    pin,
  }
}

/** Those left out that have not got what they should have; one that has it by the record counts as having it. */
function laggingHosts(
  desired: DesiredService,
  recorded: RecordedService | null,
  skipped: readonly SkippedHost[],
  traits: TargetTraits,
): readonly PlannedLag[] {
  const wanted = new Set(desired.hosts.map(({ name }) => name))
  return skipped.flatMap(({ host, reason }): readonly PlannedLag[] => {
    const known = recorded?.lagging?.find((lag) => lag.host === host)
    if (known !== undefined) return [known]
    const has = recordedOn(recorded, host)
    if (has === null && !wanted.has(host)) return []
    if (wanted.has(host) && hasItAlready(desired, recorded, host, traits)) return []
    return [{ host, has, reason }]
  })
}

/** What is started anew is what it was, and what is warm beside it stays so. */
function unchanged(
  { instances }: DesiredService,
  { previous, holds, pin, lagging }: RecordedService,
): ServiceOutcome {
  const rest = { previous, keepWarmMs: 0, holds, pin, ...(lagging === undefined ? {} : { lagging }) }
  return { active: instances.map(instanceId), deployed: false, ...rest }
}

function cooled({ warmUntil: _, ...deployed }: Deployed): Deployed {
  return deployed
}
