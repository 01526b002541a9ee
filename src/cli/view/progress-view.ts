/**
 * Chooses how a deployment is shown while it runs, by who looks: JSON lines, only the end, a live list on a terminal, or
 * plain lines. Views listen; nothing they do changes what happens.
 */
import { createJsonView } from './json-view.js'
import { createPlainView } from './plain-view.js'
import type { EarlierStatuses, ProgressView } from './progress.js'
import type { Terminal } from './terminal.js'

export async function createProgressView(
  terminal: Terminal,
  quiet: boolean,
  earlier: EarlierStatuses,
): Promise<ProgressView> {
  if (terminal.json) return createJsonView(terminal)
  if (quiet) return createQuietView(terminal)
  if (!terminal.live) return createPlainView(terminal)
  const { createLiveView } = await import('./live-view.js')
  return createLiveView(terminal, earlier)
}

/** Warnings are part of the end. */
function createQuietView(terminal: Terminal): ProgressView {
  return {
    handle(event) {
      if (event.type === 'warning') terminal.err(`warning: ${event.message}`)
    },
    end: () => Promise.resolve(),
  }
}
