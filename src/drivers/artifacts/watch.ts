/**
 * An eye on something that should keep moving: it aborts when nothing came for a while (a dead connection), when next to
 * nothing came for longer (a slow-loris), when the deadline is over, or when the caller cancels, and remembers which of
 * these it was.
 */
import type { Clock } from '../../model/clock.js'

export type EndedBy = 'stalled' | 'trickling' | 'deadline' | 'cancelled'

export interface WatchLimits {
  readonly stallMs: number
  readonly deadlineAtMs: number
  /** So many bytes have to come in so much time, each time; any pace will do unless given. */
  readonly pace?: { readonly bytes: number; readonly withinMs: number }
}

export interface Watch {
  /** Aborts when it is over. */
  readonly signal: AbortSignal
  /** Why it is over, or null while it is not. */
  endedBy(): EndedBy | null
  /** Something moved; so many bytes, where they count. */
  alive(bytes?: number): void
  /** To be called always, or a timer stays behind. */
  end(): void
}

export function watchOver(limits: WatchLimits, clock: Clock, caller: AbortSignal): Watch {
  const over = new AbortController()
  const done = new AbortController()
  let why: EndedBy | null = null
  let movedAtMs = clock.monotonicMs()
  const { bytes: paceBytes, withinMs: paceMs } = limits.pace ?? { bytes: 0, withinMs: Infinity }
  let [pacedAtMs, bytesSince] = [movedAtMs, 0]
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
      if (nowMs >= pacedAtMs + paceMs) return stop('trickling')
      const waitMs = Math.min(limits.deadlineAtMs, movedAtMs + limits.stallMs, pacedAtMs + paceMs) - nowMs
      await clock.sleep(Math.max(1, waitMs), done.signal)
    }
  }
  caller.addEventListener('abort', onCancel, { once: true })
  if (caller.aborted) stop('cancelled')
  void patrol()
  return {
    signal: over.signal,
    endedBy: () => why,
    alive: (bytes = 0) => {
      movedAtMs = clock.monotonicMs()
      bytesSince += bytes
      if (bytesSince < paceBytes) return
      pacedAtMs = movedAtMs
      bytesSince = 0
    },
    end,
  }
}
