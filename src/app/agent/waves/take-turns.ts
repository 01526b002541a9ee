/** Where the loop of the agent meets the other hosts: who may begin now, and what is told when it is over. */
import { reportOf } from '../../../base/deploy-error.js'
import type { JournalFile } from '../../../model/journal.js'
import { readState } from '../../read-state.js'
import type { AgentContext } from '../agent-context.js'
import type { Judgement } from '../judge.js'
import type { Look } from '../look.js'
import type { HeldSlot } from './held-slot.js'

export interface Turn {
  readonly judgements: readonly Judgement[]
  /** What the deployments among them run under; null when there are none, or no others to ask. */
  readonly slot: HeldSlot | null
}

/** What must wait for other hosts stays for now, and says for what. */
export async function takeTurn(
  { waves, signal }: AgentContext,
  judgements: readonly Judgement[],
): Promise<Turn> {
  const wishes = judgements.filter(({ verdict }) => verdict === 'deploy')
  if (waves === null || wishes.length === 0) return { judgements, slot: null }
  const { slot, waiting } = await waves.admit(wishes, signal)
  const after = judgements.map((judgement): Judgement => {
    const reason = judgement.verdict === 'deploy' ? waiting.get(judgement.service) : undefined
    return reason === undefined ? judgement : { ...judgement, verdict: 'skip', reason }
  })
  return { judgements: after, slot }
}

/** The others hear how it went before the slot is theirs. */
export async function endTurn(context: AgentContext, slot: HeldSlot | null): Promise<void> {
  const { waves, world, sound, book, signal } = context
  if (waves !== null && !signal.aborted) await waves.tell(await readState(world), sound, signal)
  if (slot === null) return
  try {
    await slot.leave()
  } catch (error) {
    const report = reportOf(error)
    book.log('warn', `the slot could not be given back, and expires: ${report.message}`, { error: report })
  }
}

export function noteSound({ sound }: AgentContext, looks: readonly Look[]): void {
  for (const plan of looks.flatMap(({ plans }) => plans)) {
    for (const { service } of plan.changes) {
      if (plan.drift.some((one) => one.service === service)) sound.delete(service)
      else sound.add(service)
    }
  }
}

/** To go on with what was interrupted is to deploy it: null where that is not this host's turn. */
export async function turnToResume(
  { waves, world, signal }: AgentContext,
  file: JournalFile | null,
): Promise<HeldSlot | null> {
  if (waves === null || file === null || world.config.agent.recover !== 'resume') return null
  const wishes = file.header.plan.changes
    .filter(({ kind }) => kind !== 'none')
    .map(({ service, after }) => ({
      service,
      version: after?.release.version ?? null,
      digest: after?.release.digest ?? null,
    }))
  const { slot, waiting } = await waves.admit(wishes, signal)
  if (waiting.size === 0) return slot
  await slot?.leave().catch(() => undefined) // it expires
  return null
}
