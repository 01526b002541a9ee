/** Which steps fit on the screen: those that run or failed first, then what comes next, then what was done last. Pure. */
export type Progressing = 'waiting' | 'running' | 'done' | 'failed'

export interface Item {
  state: Progressing
}

export interface Window<T> {
  /** Done, and not shown any more. */
  readonly above: number
  readonly visible: readonly T[]
  /** Waiting, and not shown yet. */
  readonly below: number
}

/** At most `space` of the items, in their order. What runs or failed is shown even when it is more than that. */
export function inWindow<T extends Item>(items: readonly T[], space: number): Window<T> {
  if (items.length <= space) return { above: 0, visible: items, below: 0 }
  const urgent = items.filter(({ state }) => state === 'running' || state === 'failed').slice(0, space)
  const room = space - urgent.length
  const waiting = items.filter(({ state }) => state === 'waiting')
  const done = items.filter(({ state }) => state === 'done')
  const next = waiting.slice(0, Math.max(Math.ceil(room / 2), room - done.length))
  const last = done.slice(done.length - Math.min(done.length, room - next.length))
  const shown = new Set([...urgent, ...next, ...last])
  return {
    above: done.length - last.length,
    visible: items.filter((item) => shown.has(item)),
    below: items.length - shown.size - (done.length - last.length),
  }
}
