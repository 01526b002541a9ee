/** What a load counted: the numbers behind "no request was lost", and how to read them. */

/** How a request ended. Everything but `answered` is lost. */
export type Ending =
  | 'answered' // with 2xx, whole
  | 'refused' // no connection could be made
  | 'reset' // the connection was reset
  | 'cut' // the connection ended before the answer did
  | 'serverError' // 5xx
  | 'otherStatus' // 1xx, 3xx, 4xx
  | 'timedOut'

/** How a connection ended, WebSockets and connections between two requests included. */
export interface ConnectionCounts {
  readonly opened: number
  readonly refused: number
  readonly reset: number
  /** Ended by the other side while no request was under way: no loss, and a sign of reloads. */
  readonly closedWhenIdle: number
}

export interface WebSocketCounts {
  readonly opened: number
  readonly refused: number
  /** Echoes that came back as they were sent. */
  readonly echoed: number
  /** Closed by the server with a close frame. */
  readonly closed: number
  /** Ended without a close frame, or by a reset. */
  readonly cut: number
  /** Echoes that came back changed or never, on a connection that stayed. */
  readonly wrong: number
  readonly versions: Readonly<Record<string, number>>
}

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface Loss {
  readonly atMs: number
  readonly ending: Ending
  readonly kind: 'keep-alive' | 'fresh'
  readonly isSlow: boolean
  readonly afterMs: number
  /** The error's words or the status. */
  readonly what: string
}

export interface LoadResult {
  readonly forMs: number
  readonly sent: number
  readonly endings: Readonly<Record<Ending, number>>
  /** All that are not `answered`. */
  readonly lost: number
  /** Answered, but more than a second later than they should be. */
  readonly late: number
  readonly slow: number
  readonly connections: ConnectionCounts
  /** Of answered requests that should be answered at once, from the moment when each was due. */
  readonly latency: Percentiles
  /** Of slow ones: what came on top of the time they should take. */
  readonly slowExcess: Percentiles
  /** Answers by version (header X-App-Version). */
  readonly versions: Readonly<Record<string, number>>
  readonly webSockets: WebSocketCounts
  /** How late the generator itself was at worst: above some 100 ms, `late` is about this machine. */
  readonly generatorLagMs: number
  /** The first few, to look at. */
  readonly losses: readonly Loss[]
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1) ?? 0 }
}

/** The share of answers, in percent, that a version gave. */
export function shareOf(result: LoadResult, version: string): number {
  const all = Object.values(result.versions).reduce((sum, count) => sum + count, 0)
  return all === 0 ? 0 : (100 * (result.versions[version] ?? 0)) / all
}
