/** A person's word to a deployment that runs in another process: go on where you wait, or end here and undo. */
import { DeployError } from '../base/deploy-error.js'
import { isClosed, statusesOf, unwindsOf, type JournalFile } from '../model/journal.js'
import type { Abort, Mark, StepApproval } from '../model/mark.js'
import type { Step } from '../model/plan.js'
import type { LockHolder } from '../model/state-store.js'
import type { AbortRequest, ApproveRequest, MarkAnswer } from './requests.js'
import { whoIs } from './under-lock.js'
import type { World } from './world.js'

/** How long the deployment gets to say in its journal that it has heard. */
const heardWithinMs = 15_000
const lookEveryMs = 250

export async function approveStep(
  world: World,
  { deployment, step, reason }: ApproveRequest,
  signal: AbortSignal,
): Promise<MarkAnswer & { readonly step: Step }> {
  const running = await findRunning(world, deployment)
  const meant = stepMeant(running, step)
  const id = running.header.deployment
  const mark = { kind: 'approveStep', deployment: id, step: meant.id, ...saidNow(world, reason) } as const
  const hasHeard = (file: JournalFile): boolean =>
    file.entries.some((entry) => entry.type === 'approval' && entry.step === meant.id)
  return { ...(await leave(world, mark, hasHeard, signal)), step: meant }
}

export async function abortDeployment(
  world: World,
  { deployment, reason }: AbortRequest,
  signal: AbortSignal,
): Promise<MarkAnswer> {
  const running = await findRunning(world, deployment)
  const mark = { kind: 'abort', deployment: running.header.deployment, ...saidNow(world, reason) } as const
  return leave(world, mark, (file) => unwindsOf(file).length > 0, signal)
}

function saidNow(world: World, reason: string | null): Pick<Mark, 'by' | 'at' | 'reason'> {
  return { by: whoIs(world), at: world.clock.now().toISOString(), reason }
}

async function leave(
  world: World,
  mark: StepApproval | Abort,
  hasHeard: (file: JournalFile) => boolean,
  signal: AbortSignal,
): Promise<MarkAnswer> {
  const { store, clock, config } = world
  const { environment } = config
  const earlier = await store.leaveMark(environment, mark)
  const endMs = clock.monotonicMs() + heardWithinMs
  const answer = (heard: MarkAnswer['heard']): MarkAnswer => ({
    deployment: mark.deployment,
    mark: earlier ?? mark,
    isFirst: earlier === null,
    heard,
  })
  for (;;) {
    const file = await store.readJournal(environment, mark.deployment)
    if (file !== null && hasHeard(file)) return answer('heard')
    if (file === null || isClosed(file)) return answer('ended')
    if (clock.monotonicMs() >= endMs || signal.aborted) return answer('not yet')
    await clock.sleep(lookEveryMs, signal)
  }
}

/** The deployment that is under way: the one named, or the only one there is. */
async function findRunning(world: World, wanted: string | null): Promise<JournalFile> {
  const { environment } = world.config
  const ids = await world.store.unfinished(environment)
  const id = wanted === null ? ids[0] : ids.find((one) => one.startsWith(wanted))
  const file = id === undefined ? null : await world.store.readJournal(environment, id)
  if (file === null || isClosed(file)) throw notRunning(environment, wanted, ids)
  const holder = await world.store.lockHolder(environment)
  if (holder === null || holder.liveness === 'dead') throw interrupted(file, holder)
  return file
}

/** The step named, or the one that waits. */
function stepMeant({ header, entries }: JournalFile, wanted: string | null): Step {
  const pauses = header.plan.steps.filter(({ apply }) => apply.verb === 'pause')
  const statuses = statusesOf(entries)
  const waiting = pauses.filter(({ id }) => statuses.get(id) === 'applying')
  const open = pauses.filter(({ id }) => ['waiting', 'applying'].includes(statuses.get(id) ?? 'waiting'))
  const named = wanted === null ? waiting : open.filter(({ id }) => id === wanted)
  const [first] = named
  if (first !== undefined && named.length === 1) return first
  const what = wanted === null ? 'nothing in it waits' : `no step ${wanted} of it waits`
  throw new DeployError(
    'NOT_WAITING',
    named.length > 1
      ? `several steps of deployment ${header.deployment} wait to be approved`
      : `deployment ${header.deployment} is under way, and ${what} to be approved`,
    {
      details: open.map(({ id, title }) => `${id}: ${title}`),
      hint: open.length === 0 ? 'deployctl status' : 'name one: --step ID',
    },
  )
}

function notRunning(environment: string, wanted: string | null, ids: readonly string[]): DeployError {
  const what =
    wanted === null
      ? `no deployment to ${environment} is under way`
      : `no deployment ${wanted} to ${environment} is under way`
  const hint = ids.length === 0 ? 'deployctl status' : `under way: ${ids.join(', ')}`
  return new DeployError('NOT_WAITING', what, { hint })
}

function interrupted({ header }: JournalFile, holder: LockHolder | null): DeployError {
  const { deployment, plan, pid, host } = header
  const who = holder ?? { pid, host }
  return new DeployError(
    'INTERRUPTED_DEPLOYMENT',
    `deployment ${deployment} to ${plan.environment} was interrupted: process ${who.pid} on ${who.host} is gone, and hears nothing`,
    { hint: '`deployctl recover --resume` goes on with it, `deployctl recover --unwind` undoes it' },
  )
}
