/**
 * An eye on something that should keep moving: it aborts when nothing came for a while (a slow-loris, a dead
 * connection), when the deadline is over, or when the caller cancels, and remembers which of these it was.
 */
import type { Clock } from '../../model/clock.js'

export type EndedBy = 'stalled' | 'deadline' | 'cancelled'

export interface Watch {
  /** Aborts when it is over. */
  readonly signal: AbortSignal
  /** Why it is over, or null while it is not. */
  endedBy(): EndedBy | null
  /** Something moved. */
  alive(): void
  /** To be called always, or a timer stays behind. */
  end(): void
}

export function watchOver(
  limits: { readonly stallMs: number; readonly deadlineAtMs: number },
  clock: Clock,
  caller: AbortSignal,
): Watch {
  const over = new AbortController()
  const done = new AbortController()
  let why: EndedBy | null = null
  let movedAtMs = clock.monotonicMs()
  const stop = (reason: EndedBy): void => {
    why ??= reason
    over.abort()
    end()
  }
  const onCancel = (): void => stop('cancelled')
  const end = (): void => {
    done.abort()
    caller.removeEventListener('abort', onCancel)
  }
  const patrol = async (): Promise<void> => {
    while (!done.signal.aborted) {
      const nowMs = clock.monotonicMs()
      if (nowMs >= limits.deadlineAtMs) return stop('deadline')
      if (nowMs >= movedAtMs + limits.stallMs) return stop('stalled')
      const waitMs = Math.min(limits.deadlineAtMs, movedAtMs + limits.stallMs) - nowMs
      await clock.sleep(Math.max(1, waitMs), done.signal)
    }
  }
  caller.addEventListener('abort', onCancel, { once: true })
  if (caller.aborted) stop('cancelled')
  void patrol()
  return {
    signal: over.signal,
    endedBy: () => why,
    alive: () => {
      movedAtMs = clock.monotonicMs()
    },
    end,
  }
}
