/** Steps that are the same on several hosts, as one: what a person reads of a plan for many hosts. Pure. */
import { describeRevert } from '../../model/describe-operation.js'
import { localHost } from '../../model/host-spec.js'
import type { Plan, Step } from '../../model/plan.js'

export interface StepGroup {
  readonly first: Step
  /** In the plan's order; one for a step that stands alone. */
  readonly steps: readonly Step[]
}

/** Of the same kind, about the same, and at the same point of the plan: after the same groups. */
export function groupSteps(plan: Plan): readonly StepGroup[] {
  const groupOf = new Map<string, string>()
  const groups = new Map<string, Step[]>()
  for (const [index, step] of plan.steps.entries()) {
    const after = [...new Set(step.needs.map((id) => groupOf.get(id) ?? id))].sort()
    const what = [
      step.service,
      withoutHost(step.title, step),
      withoutHost(describeRevert(step.revert, plan.instances), step),
    ]
    const key = JSON.stringify([...what, step.risks, step.host === localHost ? index : null, after])
    groupOf.set(step.id, key)
    groups.set(key, [...(groups.get(key) ?? []), step])
  }
  return [...groups.values()].flatMap((steps) => {
    const [first] = steps
    return first === undefined ? [] : [{ first, steps }]
  })
}

const mostNamed = 3

/** `stage web v1.4.2 on web1, web2`, `stage web v1.4.2 on 20 hosts (web1 … web20)`; with `extra` before the hosts. */
export function groupTitle({ first, steps }: StepGroup, extra: string): string {
  if (steps.length === 1) return `${first.title}${extra}`
  const names = steps.map(({ host }) => host ?? '')
  const all =
    names.length <= mostNamed
      ? names.join(', ')
      : `${names.length} hosts (${names[0] ?? ''} … ${names.at(-1) ?? ''})`
  return `${withoutHost(first.title, first)}${extra} on ${all}`
}

function withoutHost(text: string, { host }: Step): string {
  return host === null ? text : text.replace(` on ${host}`, '')
}
