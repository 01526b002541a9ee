/**
 * What the agent found and a person has to let it deploy (`mode: approve`): both sides are marks in the state store, so
 * that it can be said from any shell, whether or not an agent runs at that moment.
 */
import { DeployError } from '../base/deploy-error.js'
import { digestOf } from '../base/hash.js'
import type { ChangeApproval, ChangeWaits, Mark } from '../model/mark.js'
import { showVersion } from '../model/release.js'
import type { ApprovedChange, WaitingChange } from './requests.js'
import { whoIs } from './under-lock.js'
import type { World } from './world.js'

/** How a mark names a change: 16 hexadecimal digits of all that tells it from another. */
export function changeId(key: string): string {
  return digestOf(key).slice(-16)
}

export function isWaiting(mark: Mark): mark is ChangeWaits {
  return mark.kind === 'changeWaits'
}

export function isApproval(mark: Mark): mark is ChangeApproval {
  return mark.kind === 'approveChange'
}

export async function waitingChanges({ store, config }: World): Promise<readonly WaitingChange[]> {
  const marks = await store.readMarks(config.environment)
  const approvals = marks.filter(isApproval)
  return marks
    .filter(isWaiting)
    .map(({ service, change, version, digest, at, reason }): WaitingChange => {
      const approval = approvals.find((one) => one.service === service && one.change === change)
      return { service, version, digest, since: at, reason, approvedBy: approval?.by ?? null }
    })
    .sort((a, b) => (a.service < b.service ? -1 : 1))
}

/** `what`: a service, or the digest of a release (or how it begins); null for the only one that waits. */
export async function approveChanges(
  world: World,
  { what, reason, by = whoIs(world) }: { what: string | null; reason: string | null; by?: string },
): Promise<readonly ApprovedChange[]> {
  const { store, config, clock } = world
  const waiting = (await store.readMarks(config.environment)).filter(isWaiting)
  const meant = waiting.filter((one) => what === null || one.service === what || hasDigest(one, what))
  if (meant.length === 0) throw nothingWaits(config.environment, what, waiting)
  if (what === null && meant.length > 1) throw severalWait(meant)
  const approved: ApprovedChange[] = []
  for (const { service, change, version, digest } of meant) {
    const at = clock.now().toISOString()
    const mark = { kind: 'approveChange', service, change, version, digest, by, at, reason } as const
    const earlier = await store.leaveMark(config.environment, mark)
    approved.push({
      service,
      version,
      digest,
      by: (earlier ?? mark).by,
      at: (earlier ?? mark).at,
      isFirst: earlier === null,
    })
  }
  return approved
}

const shortestDigest = 6

function hasDigest({ digest }: ChangeWaits, what: string): boolean {
  if (digest === null || what.length < shortestDigest) return false
  return digest.startsWith(what) || digest.slice(digest.indexOf(':') + 1).startsWith(what)
}

function nameOf({ service, version }: ChangeWaits): string {
  return version === null ? `${service}, to be taken away` : `${service} ${showVersion(version)}`
}

function nothingWaits(
  environment: string,
  what: string | null,
  waiting: readonly ChangeWaits[],
): DeployError {
  const subject = what === null ? 'nothing' : `nothing of ${what}`
  return new DeployError('NOT_WAITING', `${subject} waits to be approved in ${environment}`, {
    details: waiting.map((one) => `what waits: ${nameOf(one)}`),
    hint: 'deployctl status',
  })
}

function severalWait(waiting: readonly ChangeWaits[]): DeployError {
  return new DeployError('NOT_WAITING', 'several services wait to be approved', {
    details: waiting.map(nameOf),
    hint: `name one: deployctl approve ${waiting[0]?.service ?? ''}`,
  })
}
