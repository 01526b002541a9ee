/**
 * A deployment that was interrupted (by a kill, a power cut) is finished or undone by the agent itself: the way that
 * deploy.yaml prefers first, the other where that one is closed. Each time is on record in the journal, so that a
 * deployment which brings the agent down again and again is not taken up for ever.
 */
import { DeployError, type ErrorCode } from '../../base/deploy-error.js'
import type { AgentConfig } from '../../model/agent.js'
import type { JournalFile } from '../../model/journal.js'
import { recover } from '../recover.js'
import type { DeployResult, Execution } from '../requests.js'
import type { World } from '../world.js'

type Direction = AgentConfig['recover']

export interface Interrupted {
  readonly deployment: string
  readonly file: JournalFile | null
  /** How often somebody has taken it up already. */
  readonly taken: number
}

/** After so many it is undone, whatever deploy.yaml prefers; after twice as many a person has to look. */
const mostResumes = 3

/** Null when there is none, or when whoever works on it is alive. */
export async function findInterrupted(world: World): Promise<Interrupted | null> {
  const { environment } = world.config
  const [deployment] = await world.store.unfinished(environment)
  if (deployment === undefined) return null
  const holder = await world.store.lockHolder(environment)
  if (holder !== null && holder.liveness !== 'dead') return null
  const file = await world.store.readJournal(environment, deployment)
  const taken = file?.entries.filter(({ type }) => type === 'recovery').length ?? 0
  return { deployment, file, taken }
}

export function needsPerson({ taken }: Interrupted): boolean {
  return taken >= 2 * mostResumes
}

/** The other way is open where the first is refused for one of these. */
const closedWay: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['USAGE', 'PLAN_STALE'])

export async function settleInterrupted(
  world: World,
  interrupted: Interrupted,
  { execution, ...preferred }: { readonly wanted: Direction; readonly execution: Execution },
  signal: AbortSignal,
): Promise<DeployResult & { readonly direction: Direction }> {
  const wanted = interrupted.taken >= mostResumes ? 'unwind' : preferred.wanted
  try {
    return { ...(await recover(world, wanted, execution, signal)), direction: wanted }
  } catch (error) {
    if (!(error instanceof DeployError) || !closedWay.has(error.code)) throw error
    const other = wanted === 'resume' ? 'unwind' : 'resume'
    return { ...(await recover(world, other, execution, signal)), direction: other }
  }
}
