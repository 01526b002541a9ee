/** Which steps may start: a step is ready when everything it needs has finished. Pure bookkeeping, linear in the graph. */

export interface Node {
  readonly id: string
  readonly needs: readonly string[]
}

export interface Schedule<N extends Node> {
  /** The next ready node in plan order, taken off the list; undefined when none is ready now. */
  next(): N | undefined
  /** Lets the nodes that waited only for this one become ready. */
  finish(id: string): void
}

/** Needs outside `nodes` count as finished: they belong to an earlier part of the plan. */
export function createSchedule<N extends Node>(nodes: readonly N[]): Schedule<N> {
  const inside = new Set(nodes.map((node) => node.id))
  const missing = new Map<string, number>()
  const followers = new Map<string, N[]>()
  const ready: N[] = []
  for (const node of nodes) {
    const needs = new Set(node.needs.filter((id) => inside.has(id)))
    missing.set(node.id, needs.size)
    if (needs.size === 0) ready.push(node)
    for (const id of needs) {
      const list = followers.get(id)
      if (list === undefined) followers.set(id, [node])
      else list.push(node)
    }
  }
  let taken = 0
  return {
    next() {
      const node = ready[taken]
      if (node !== undefined) taken++
      return node
    },
    finish(id) {
      for (const follower of followers.get(id) ?? []) {
        const left = (missing.get(follower.id) ?? 0) - 1
        missing.set(follower.id, left)
        if (left === 0) ready.push(follower)
      }
    },
  }
}

/** The same nodes with every need turned round, last first: the order in which to undo them. */
export function reversed<N extends Node>(nodes: readonly N[]): readonly (Node & { readonly node: N })[] {
  const inside = new Set(nodes.map((node) => node.id))
  const dependents = new Map<string, string[]>()
  for (const node of nodes) {
    for (const need of new Set(node.needs)) {
      if (inside.has(need)) dependents.set(need, [...(dependents.get(need) ?? []), node.id])
    }
  }
  return nodes.toReversed().map((node) => ({ id: node.id, needs: dependents.get(node.id) ?? [], node }))
}

/** Runs `work` over a schedule, at most `parallelism` at once; a node whose work answers false blocks its followers. */
export async function runSchedule<N extends Node>(
  nodes: readonly N[],
  parallelism: number,
  work: (node: N) => Promise<boolean>,
): Promise<void> {
  const schedule = createSchedule(nodes)
  const running = new Set<Promise<void>>()
  for (;;) {
    while (running.size < parallelism) {
      const node = schedule.next()
      if (node === undefined) break
      const promise = work(node).then((finished) => {
        running.delete(promise)
        if (finished) schedule.finish(node.id)
      })
      running.add(promise)
    }
    if (running.size === 0) return
    await Promise.race(running)
  }
}
