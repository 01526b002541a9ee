/**
 * What waits for a person (`mode: approve`), as marks in the state store: left once for each change, and taken away with its
 * approval when the change is another one, when it is done, or when it is no longer wanted.
 */
import type { ChangeApproval, ChangeWaits, Mark } from '../../model/mark.js'
import { changeId, isApproval, isWaiting } from '../change-approvals.js'
import { whoIs } from '../under-lock.js'
import type { World } from '../world.js'
import type { AgentContext } from './agent-context.js'
import { nameOf, type Judgement } from './judge.js'
import type { Look } from './look.js'

export function readAgentMarks({ store, config }: World): Promise<readonly Mark[]> {
  return store.readMarks(config.environment)
}

/** Who approved which change. */
export function approvalsIn(marks: readonly Mark[]): ReadonlyMap<string, string> {
  return new Map(marks.filter(isApproval).map(({ change, by }) => [change, by]))
}

/** Answers the judgements, without the telling of what was told before: also by the agent before this one. */
export async function keepWaiting(
  context: AgentContext,
  looks: readonly Look[],
  judgements: readonly Judgement[],
  marks: readonly Mark[],
): Promise<readonly Judgement[]> {
  await takeAwayLapsed(context, looks, judgements, marks)
  const kept: Judgement[] = []
  for (const judgement of judgements) {
    const isNew = judgement.tells !== 'waiting' || (await leaveWaiting(context, judgement))
    const { tells: _, ...silent } = judgement
    kept.push(isNew ? judgement : silent)
  }
  return kept
}

/** False where it waited before. */
async function leaveWaiting({ world }: AgentContext, judgement: Judgement): Promise<boolean> {
  const { service, version, digest, key, reason } = judgement
  const about = { service, change: changeId(key), version, digest }
  const said = { by: whoIs(world), at: world.clock.now().toISOString(), reason }
  return (
    (await world.store.leaveMark(world.config.environment, { kind: 'changeWaits', ...about, ...said })) ===
    null
  )
}

async function takeAwayLapsed(
  { world, book }: AgentContext,
  looks: readonly Look[],
  judgements: readonly Judgement[],
  marks: readonly Mark[],
): Promise<void> {
  const { store, config } = world
  const about = marks.filter(
    (mark): mark is ChangeWaits | ChangeApproval => isWaiting(mark) || isApproval(mark),
  )
  // a source that cannot be asked says nothing of what was found before
  const unseen = new Set(
    looks.flatMap(({ stay, problems }) => [...stay, ...problems.map(({ service }) => service)]),
  )
  const wanted = new Map(judgements.map((judgement) => [judgement.service, judgement]))
  for (const mark of about) {
    const now = wanted.get(mark.service)
    if (now === undefined ? config.services[mark.service] !== undefined : unseen.has(mark.service)) continue
    const isWanted = now !== undefined && changeId(now.key) === mark.change && now.isChange
    if (isWanted && (isApproval(mark) || config.agent.mode === 'approve')) continue
    await store.removeMark(config.environment, mark)
    if (isApproval(mark) && now?.isChange === true)
      book.log(
        'info',
        `the approval of ${nameOf(mark)} by ${mark.by} lapses: ${nameOf(now)} came in between`,
        {
          service: mark.service,
          release: mark.version,
        },
      )
  }
}
