/** A gap: from the switch that leaves a service with nothing that serves to the one that ends that. Pure. */
import type { JournalFile } from './journal.js'
import type { Step } from './plan.js'

export interface Gap {
  readonly off: Step
  /** What is done in between, in the order of the plan. */
  readonly between: readonly Step[]
  readonly on: Step
}

/** The first gap of a service; null when something serves all the time, or nothing served before. */
export function gapOf(steps: readonly Step[], service: string): Gap | null {
  const own = steps.filter((step) => step.service === service)
  const off = own.findIndex(switchesOff)
  const step = own[off]
  if (step === undefined) return null
  const rest = own.slice(off + 1).filter(({ host }) => host === step.host)
  const on = rest.findIndex(({ apply }) => apply.verb === 'route' && apply.to.length > 0)
  const end = rest[on]
  return end === undefined ? null : { off: step, between: rest.slice(0, on), on: end }
}

/** Whether a gap begins with it, if it ends at all. */
export function switchesOff({ apply }: Step): boolean {
  return apply.verb === 'route' && apply.from.length > 0 && apply.to.length === 0
}

/** How long the gap of a service was in a deployment that came to its end; null when it had none. */
export function measuredGapMs({ header, entries }: JournalFile, service: string): number | null {
  const gap = gapOf(header.plan.steps, service)
  const timeOf = (step: Step | undefined, event: string): number | null => {
    const times = entries.flatMap((one) =>
      one.type === 'step' && one.step === step?.id && one.event === event ? [Date.parse(one.at)] : [],
    )
    return times.at(-1) ?? null
  }
  const [began, ended] = [timeOf(gap?.off, 'apply-started'), timeOf(gap?.on, 'apply-succeeded')]
  return began === null || ended === null ? null : Math.max(0, ended - began)
}
