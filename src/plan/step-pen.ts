/** Writes drafts down as steps: with an id made of what they do, a title, their needs, their time and their risks. Pure. */
import { describeOperation } from '../model/describe-operation.js'
import { isOperation, type OperationOf } from '../model/operation.js'
import type { Plan, Risk, Step } from '../model/plan.js'
import { localHost } from '../model/host-spec.js'
import type { HookDraft } from './hook-drafts.js'
import type { Draft } from './strategies/strategy.js'
import { checkTimeoutMs, minuteMs, timeoutOf } from './timeouts.js'

export type Tables = Pick<Plan, 'instances' | 'specs'>

export interface StepPen {
  /** One after another, the first after all of `needs`; answers what a follower has to wait for. */
  chain(
    service: string | null,
    drafts: readonly (Draft | HookDraft)[],
    needs: readonly string[],
    /** The host that may fail alone, where one may. */
    lane?: string | null,
  ): readonly string[]
  steps(): readonly Step[]
}

export function createStepPen(tables: Tables): StepPen {
  const steps: Step[] = []
  const taken = new Map<string, number>()
  const nameStep = (service: string | null, draft: Draft): string => {
    const what = draft.apply.verb === 'hook' ? `hook:${draft.apply.hook}` : draft.apply.verb
    const where = draft.host === localHost ? '' : `@${draft.host}`
    const name = `${service ?? 'deployment'}/${what}${where}`
    const times = (taken.get(name) ?? 0) + 1
    taken.set(name, times)
    return times === 1 ? name : `${name}#${times}`
  }
  return {
    steps: () => steps,
    chain(service, drafts, needs, lane = null) {
      let waits = needs
      for (const draft of drafts) {
        const id = nameStep(service, draft)
        steps.push({
          id,
          title: describeOperation(draft.apply, tables.instances),
          service,
          host: draft.host,
          needs: waits,
          ...(lane === null ? {} : { lane }),
          apply: draft.apply,
          revert: draft.revert,
          timeoutMs: timeLimit(draft, tables),
          ...('progress' in draft && draft.progress !== undefined ? { progress: draft.progress } : {}),
          tolerant: draft.apply.verb === 'prune' || ('tolerant' in draft && draft.tolerant),
          risks: risksOf(draft),
        })
        waits = [id]
      }
      return waits
    },
  }
}

function timeLimit(draft: Draft | HookDraft, tables: Tables): number {
  if ('timeoutMs' in draft) return draft.timeoutMs
  const { apply } = draft
  if (apply.verb === 'check') return checkTimeoutMs(specOf(apply, tables), apply.deadlineMs)
  if (apply.verb === 'watch') return apply.forMs + checkTimeoutMs(specOf(apply, tables))
  if (apply.verb === 'pause') return apply.deadlineMs + checkTimeoutMs(specOf(apply, tables))
  if (apply.verb === 'wait') return apply.forMs + minuteMs
  if (apply.verb === 'drain') return apply.deadlineMs + minuteMs
  if (apply.verb === 'hook') throw new Error(`plan: the hook ${apply.hook} has no time limit`)
  return timeoutOf(apply.verb)
}

function specOf(
  apply: OperationOf<'check' | 'watch' | 'pause'>,
  tables: Tables,
): Plan['specs'][string] | undefined {
  return tables.specs[tables.instances[apply.instances[0] ?? '']?.specDigest ?? '']
}

/** What cannot be undone has to be allowed by name; pruning is so by nature and needs no word. */
function risksOf(draft: Draft): readonly Risk[] {
  if (isOperation(draft.revert) || 'nothing' in draft.revert || draft.apply.verb === 'prune') return []
  return [{ kind: 'irreversible', message: draft.revert.irreversible }]
}
