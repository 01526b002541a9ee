/**
 * A steady load that counts what it loses: requests at a fixed rate, over connections that are kept and over fresh ones,
 * some of which the app answers only after seconds. When an answer is late the next request is sent all the same, and its
 * time counts from the moment when it was due, so that a server that stands still is seen. Used by tests and benches.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpClient, type HttpClient } from './http-client.js'
import { percentiles, type Ending, type LoadResult, type Loss } from './load-result.js'
import { holdWebSockets } from './web-sockets.js'

export interface LoadOptions {
  /** `HOST:PORT` */
  readonly address: string
  /** Requests in a second; 100 unless given. */
  readonly rate?: number
  /** The share that goes over fresh connections; 0.2 unless given. */
  readonly freshShare?: number
  /** The share that the app answers after `slowMs`; 5 % and 8 seconds unless given. */
  readonly slowShare?: number
  readonly slowMs?: number
  /** Connections that are kept; enough for the slow requests unless given. */
  readonly clients?: number
  readonly webSockets?: number
  readonly reopenWebSockets?: boolean
  /** For a virtual host or a cookie. */
  readonly headers?: Readonly<Record<string, string>>
  /** It ends by itself after so many requests or milliseconds; 1,000,000 and 15 minutes unless given. */
  readonly mostRequests?: number
  readonly mostMs?: number
  readonly seed?: number
}

export interface Load {
  /** Requests that ended so far, and those lost. */
  progress(): { readonly ended: number; readonly lost: number }
  /** No more requests; those under way are awaited (each has a deadline), then everything is closed. */
  stop(): Promise<LoadResult>
  /** The same without stopping it: resolves when one of its own limits is reached. */
  readonly finished: Promise<LoadResult>
}

/** How long after its time a request may still be answered, and how late counts as late. */
const [patienceMs, lateMs] = [30_000, 1000]
const mostLossesKept = 20

export function startLoad(options: LoadOptions): Load {
  const { rate = 100, freshShare = 0.2, slowShare = 0.05, slowMs = 8000 } = options
  const { mostRequests = 1_000_000, mostMs = 15 * 60_000, headers = {} } = options
  const { hostname, port } = new URL(`http://${options.address}`)
  const address = { host: hostname, port: Number(port) }
  const chance = randomNumbers(options.seed ?? 1)

  const endings: Record<Ending, number> = {
    answered: 0,
    refused: 0,
    reset: 0,
    cut: 0,
    serverError: 0,
    otherStatus: 0,
    timedOut: 0,
  }
  const connections = { opened: 0, refused: 0, reset: 0, closedWhenIdle: 0 }
  const heard = {
    opened: () => connections.opened++,
    refused: () => connections.refused++,
    reset: () => connections.reset++,
    closedWhenIdle: () => (isStopping() ? 0 : connections.closedWhenIdle++),
  }
  const versions: Record<string, number> = {}
  const [latencies, excesses]: [number[], number[]] = [[], []]
  const losses: Loss[] = []
  const underWay = new Set<Promise<void>>()
  let [sent, slow, late] = [0, 0, 0]
  const stopping = new AbortController()
  const isStopping = () => stopping.signal.aborted

  const keepers = Array.from({ length: options.clients ?? enough(rate, slowShare, slowMs) }, () =>
    httpClient('keep-alive', address, headers, heard),
  )
  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  const sockets = holdWebSockets({
    ...address,
    count: options.webSockets ?? 0,
    reopen: options.reopenWebSockets ?? false,
  })
  const begun = performance.now()

  const one = async (client: HttpClient, isSlow: boolean, due: number): Promise<void> => {
    const expected = isSlow ? slowMs : 0
    const path = isSlow ? `/slow?ms=${slowMs}` : '/'
    const { ending, what, version } = await client.send(path, expected + patienceMs)
    const took = performance.now() - due
    endings[ending]++
    if (ending === 'answered') {
      versions[version ?? 'none'] = (versions[version ?? 'none'] ?? 0) + 1
      ;(isSlow ? excesses : latencies).push(took - expected)
      if (took > expected + lateMs) late++
    } else if (losses.length < mostLossesKept) {
      losses.push({ atMs: due - begun, ending, kind: client.kind, isSlow, afterMs: took, what })
    }
    if (client.kind === 'fresh') client.close()
  }

  /** The next keeper that is free, in turns, so that all of them are used; if none is, a connection for once. */
  let turn = 0
  const nextKeeper = (): HttpClient | undefined => {
    for (let tries = 0; tries < keepers.length; tries++) {
      const keeper = keepers[++turn % keepers.length]
      if (keeper?.isBusy === false) return keeper
    }
    return undefined
  }

  const run = async (): Promise<LoadResult> => {
    while (!isStopping() && sent < mostRequests && performance.now() - begun < mostMs) {
      const due = begun + (sent * 1000) / rate
      const wait = due - performance.now()
      if (wait > 0) await sleep(wait)
      if (isStopping()) break
      const [isFresh, isSlow] = [chance() < freshShare, chance() < slowShare]
      const client =
        (isFresh ? undefined : nextKeeper()) ??
        httpClient('fresh', address, { ...headers, connection: 'close' }, heard)
      sent++
      if (isSlow) slow++
      const promise = one(client, isSlow, due).finally(() => underWay.delete(promise))
      underWay.add(promise)
    }
    stopping.abort()
    const forMs = performance.now() - begun
    await Promise.all(underWay)
    for (const keeper of keepers) keeper.close()
    const webSockets = sockets.counts()
    sockets.stop()
    lag.disable()
    const lost = Object.values(endings).reduce((sum, count) => sum + count, 0) - endings.answered
    const times = { latency: percentiles(latencies), slowExcess: percentiles(excesses) }
    const generatorLagMs = lag.max / 1e6
    return {
      forMs,
      sent,
      endings,
      lost,
      late,
      slow,
      connections,
      ...times,
      versions,
      webSockets,
      generatorLagMs,
      losses,
    }
  }

  const finished = run()
  return {
    finished,
    progress: () => {
      const ended = Object.values(endings).reduce((sum, count) => sum + count, 0)
      return { ended, lost: ended - endings.answered }
    },
    stop: () => {
      stopping.abort()
      return finished
    },
  }
}

/** Keepers for the slow requests that are under way at a time, half as many again, and some for the quick ones. */
function enough(rate: number, slowShare: number, slowMs: number): number {
  return Math.ceil((rate * slowShare * slowMs * 1.5) / 1000) + 20
}

/** The same numbers for the same seed, evenly between 0 and 1 (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
