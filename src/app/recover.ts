/** Takes up a deployment that was interrupted or is stuck, from its journal alone, and finishes or undoes it. */
import { DeployError } from '../base/deploy-error.js'
import {
  isClosed,
  isUndoneWhole,
  statusesOf,
  unwindsOf,
  type ChildEntry,
  type JournalFile,
  type Lane,
  type JournalHeader,
} from '../model/journal.js'
import type { Plan } from '../model/plan.js'
import type { RecordedState } from '../model/state.js'
import type { HeldLock } from '../model/state-store.js'
import type { Undo } from '../execute/execute-deps.js'
import { hasMoved, sayMoved, writerOf } from './moved-state.js'
import { claimPlaces } from './place-claims.js'
import type { DeployResult, Execution } from './requests.js'
import { runPlan } from './run-plan.js'
import { lockEnvironment, whoIs } from './under-lock.js'
import type { World } from './world.js'
import { retracePlaces } from './retrace-places.js'
import { readState } from './read-state.js'

/** What a child of the dead process gets to end by itself before it is killed. */
const graceMs = 10_000

export async function recover(
  world: World,
  direction: 'resume' | 'unwind',
  execution: Execution,
  signal: AbortSignal,
): Promise<DeployResult> {
  const lock = await lockEnvironment(world, 'recover', execution, signal)
  let handedOver = false
  try {
    const file = await interrupted(world)
    const { plan, deployment } = file.header
    const state = await readState(world)
    if (direction === 'unwind' && isPastReturn(state, file)) throw pastReturn(deployment)
    const undos = undosOf(file, direction)
    if (direction === 'resume' && state?.written.cause !== deployment) refuseMoved(plan, state)
    if (!(await execution.confirm(plan))) return { kind: 'declined', plan }
    handedOver = true
    return await takeUp(world, file, undos, direction, lock, execution, signal).catch((error: unknown) => {
      throw withStory(error, deployment)
    })
  } finally {
    if (!handedOver) await lock.release()
  }
}

async function interrupted(world: World): Promise<JournalFile> {
  const { environment } = world.config
  for (const deployment of await world.store.unfinished(environment)) {
    const file = await world.store.readJournal(environment, deployment)
    if (file === null || isClosed(file)) continue
    refuseOtherProject(world, file.header)
    return file
  }
  throw new DeployError(
    'NOTHING_TO_RECOVER',
    `no deployment to ${environment} was interrupted; there is nothing to recover`,
    {
      hint: 'deployctl status',
    },
  )
}

/** Two projects may have been given one folder for their state; the paths in the plan are the other one's. */
function refuseOtherProject({ config }: World, { deployment, plan }: JournalHeader): void {
  if (plan.project === config.project) return
  throw new DeployError(
    'STATE_CORRUPT',
    `deployment ${deployment} to ${plan.environment} belongs to the project "${plan.project}", not to "${config.project}"`,
    {
      hint: `recover it from the project "${plan.project}", and give each project a state of its own: \`state: { type: local, path: … }\``,
    },
  )
}

/** What was being undone can only be undone further: its plan no longer leads anywhere else. */
function undosOf(file: JournalFile, direction: 'resume' | 'unwind'): readonly Undo[] {
  const begun = unwindsOf(file)
  if (direction === 'unwind') {
    const cause = { code: 'CANCELLED', message: 'the deployment was interrupted' } as const
    return isUndoneWhole(file) ? begun : [...begun, { services: 'all', failedStep: null, cause }]
  }
  if (!isUndoneWhole(file)) return begun
  throw new DeployError(
    'USAGE',
    `deployment ${file.header.deployment} was already being undone, because ${begun[0]?.cause.message ?? 'it failed'}; it can only be undone to the end`,
    {
      hint: 'deployctl recover --unwind',
    },
  )
}

/**
 * What succeeded of a deployment is past undoing once state has it, also when the process died before it said so; or once
 * pruning has begun, which takes away what an unwind would need.
 */
function isPastReturn(state: RecordedState | null, file: JournalFile): boolean {
  if (state?.written.cause === file.header.deployment && !isUndoneWhole(file)) return true
  const prunes = new Set(
    file.header.plan.steps.filter((step) => step.apply.verb === 'prune').map((step) => step.id),
  )
  return [...statusesOf(file.entries).keys()].some((step) => prunes.has(step))
}

function pastReturn(deployment: string): DeployError {
  return new DeployError(
    'USAGE',
    `deployment ${deployment} is on record and was only tidying up when it was interrupted; it can no longer be undone`,
    {
      hint: '`deployctl recover --resume` finishes it; `deployctl rollback` goes back to an earlier release afterwards',
    },
  )
}

/** Finishing it would write over what somebody else has recorded since. */
function refuseMoved(plan: Plan, state: RecordedState | null): void {
  if (!hasMoved(plan, state)) return
  throw new DeployError('PLAN_STALE', `${sayMoved(plan, state)}, so it cannot be finished`, {
    details: [writerOf(state)],
    hint: 'deployctl recover --unwind',
  })
}

async function takeUp(
  world: World,
  file: JournalFile,
  undos: readonly Undo[],
  direction: 'resume' | 'unwind',
  lock: HeldLock,
  execution: Execution,
  signal: AbortSignal,
): Promise<DeployResult> {
  const { header } = file
  const by = whoIs(world)
  let places
  let journal
  try {
    const claimant = {
      deployment: header.deployment,
      by,
      brings: direction === 'resume' ? 'releases' : 'nothing',
      allowsAbsence: execution.allow.includes('leftovers'),
      without: untouchedLanes(file),
    } as const
    places = await claimPlaces(world, header.plan, claimant, signal)
    // Only now: while the place is claimed by a process that lives, these are its commands.
    await endChildren(world, file, execution)
    await retracePlaces(world, header.plan, { direction, deployment: header.deployment }, signal)
    journal = await world.store.reopenJournal(world.config.environment, header.deployment)
    await journal.append({ type: 'recovery', at: world.clock.now().toISOString(), by, direction })
  } catch (error) {
    await journal?.close()
    await places?.claim.release()
    await lock.release()
    throw error
  }
  const identity = { deployment: header.deployment, by, host: world.machine.hostName, startedAt: header.at }
  const statuses = statusesOf(file.entries)
  const refused = places.refused.map(({ error, ...lane }): Undo => {
    return { services: [], lanes: [lane], failedStep: null, cause: error }
  })
  const all = [...undos, ...refused]
  const approvals = file.entries.filter((entry) => entry.type === 'approval')
  const claim = places.claim
  const run = { plan: header.plan, identity, lock, claim, journal, statuses, undos: all, approvals }
  return runPlan(world, run, execution, signal)
}

/** Hosts that failed alone, and where nothing is left to be undone: their places are nobody's business any more. */
function untouchedLanes(file: JournalFile): (lane: Lane) => boolean {
  const statuses = statusesOf(file.entries)
  const given = unwindsOf(file).flatMap(({ lanes = [] }) => lanes)
  return ({ service, host }) =>
    given.some((lane) => lane.service === service && lane.host === host) &&
    file.header.plan.steps
      .filter((step) => step.service === service && step.lane === host)
      .every(({ id }) => ['waiting', 'reverted'].includes(statuses.get(id) ?? 'waiting'))
}

/** A hook or restart that the dead process had started may still be running; two at once would be worse than none. */
async function endChildren(world: World, file: JournalFile, execution: Execution): Promise<void> {
  const statuses = statusesOf(file.entries)
  const under = (entry: ChildEntry): boolean => {
    const status = statuses.get(entry.step)
    return status === 'applying' || status === 'reverting'
  }
  const children = file.entries.filter((entry) => entry.type === 'child').filter(under)
  const ended = await Promise.all(children.map((child) => world.shell.end(child, graceMs)))
  const alive = ended.filter(Boolean).length
  if (alive > 0)
    execution.notice(
      `ended ${alive} command${alive === 1 ? '' : 's'} that the interrupted deployment had left running`,
    )
}

function withStory(error: unknown, deployment: string): unknown {
  if (!(error instanceof DeployError) || error.hint !== undefined) return error
  return new DeployError(error.code, error.message, {
    details: error.details,
    hint: `deployctl show ${deployment}`,
    cause: error,
  })
}
