/** Takes up a deployment that was interrupted or is stuck, from its journal alone, and finishes or undoes it. */
import { DeployError } from '../base/deploy-error.js'
import { isClosed, statusesOf, unwindOf, type ChildEntry, type JournalFile } from '../model/journal.js'
import type { HeldLock } from '../model/state-store.js'
import type { Undo } from '../execute/execute-deps.js'
import { claimPlaces } from './place-claims.js'
import type { DeployResult, Execution } from './requests.js'
import { runPlan } from './run-plan.js'
import { lockEnvironment, whoIs } from './under-lock.js'
import type { World } from './world.js'
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
    if (direction === 'unwind' && (await isPastReturn(world, file))) throw pastReturn(deployment)
    const undo = undoOf(file, direction)
    if (!(await execution.confirm(plan))) return { kind: 'declined', plan }
    handedOver = true
    return await takeUp(
      world,
      file,
      undo,
      direction,
      lock,
      { ...execution, notice: execution.notice },
      signal,
    ).catch((error: unknown) => {
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
    if (file !== null && !isClosed(file)) return file
  }
  throw new DeployError(
    'NOTHING_TO_RECOVER',
    `no deployment to ${environment} was interrupted; there is nothing to recover`,
    {
      hint: 'deployctl status',
    },
  )
}

/** What was being undone can only be undone further: its plan no longer leads anywhere else. */
function undoOf(file: JournalFile, direction: 'resume' | 'unwind'): Undo | null {
  const begun = unwindOf(file)
  const services = file.header.plan.changes
    .filter((change) => change.kind !== 'none')
    .map((change) => change.service)
  const all = begun === undefined || begun.services.length === services.length
  if (direction === 'unwind') {
    const cause = begun?.cause ?? { code: 'CANCELLED', message: 'the deployment was interrupted' }
    return { services: 'all', failedStep: begun?.failedStep ?? null, cause }
  }
  if (begun === undefined) return null
  if (!all) return { services: begun.services, failedStep: begun.failedStep, cause: begun.cause }
  throw new DeployError(
    'USAGE',
    `deployment ${file.header.deployment} was already being undone, because ${begun.cause.message}; it can only be undone to the end`,
    {
      hint: 'deployctl recover --unwind',
    },
  )
}

/**
 * A deployment that succeeded is over, also when the process died before it said so: state has it, or pruning has begun,
 * which takes away what an unwind would need.
 */
async function isPastReturn(world: World, file: JournalFile): Promise<boolean> {
  const state = await readState(world)
  if (state?.written.cause === file.header.deployment && unwindOf(file) === undefined) return true
  const prunes = new Set(
    file.header.plan.steps.filter((step) => step.apply.verb === 'prune').map((step) => step.id),
  )
  return [...statusesOf(file.entries).keys()].some((step) => prunes.has(step))
}

function pastReturn(deployment: string): DeployError {
  return new DeployError(
    'USAGE',
    `deployment ${deployment} had succeeded and was tidying up when it was interrupted; it can no longer be undone`,
    {
      hint: '`deployctl recover --resume` finishes it; `deployctl rollback` goes back to an earlier release afterwards',
    },
  )
}

async function takeUp(
  world: World,
  file: JournalFile,
  undo: Undo | null,
  direction: 'resume' | 'unwind',
  lock: HeldLock,
  execution: Execution,
  signal: AbortSignal,
): Promise<DeployResult> {
  const { header } = file
  const by = whoIs(world)
  let claim
  let journal
  try {
    await endChildren(world, file, execution)
    claim = await claimPlaces(world, header.plan, header.deployment, by, signal)
    journal = await world.store.reopenJournal(world.config.environment, header.deployment)
    await journal.append({ type: 'recovery', at: world.clock.now().toISOString(), by, direction })
  } catch (error) {
    await journal?.close()
    await claim?.release()
    await lock.release()
    throw error
  }
  const identity = { deployment: header.deployment, by, host: world.machine.hostName, startedAt: header.at }
  const run = { plan: header.plan, identity, lock, claim, journal, statuses: statusesOf(file.entries) }
  return runPlan(world, undo === null ? run : { ...run, undo }, execution, signal)
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
