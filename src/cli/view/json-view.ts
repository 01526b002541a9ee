/** A deployment as JSON lines: one object an event, with the time it happened. */
import type { EventOf, ProgressView } from './progress.js'
import type { Terminal } from './terminal.js'

export function createJsonView(terminal: Terminal): ProgressView {
  return {
    handle(event) {
      const { type, at, ...rest } = event
      terminal.record(type, event.type === 'deployment-started' ? startOf(event) : rest, at)
    },
    end: () => Promise.resolve(),
  }
}

/** The plan has a line of its own. */
function startOf({ deployment, plan }: EventOf<'deployment-started'>): object {
  return { deployment, plan: plan.id }
}
