/**
 * Server-sent events: the whole report whenever something has changed, at most a few times a second, and each new line of
 * the log. A reader that is too slow is cut off and comes again.
 */
import type { ServerResponse } from 'node:http'
import type { LogLine, RunningAgent } from '../../model/agent.js'
import type { Clock } from '../../model/clock.js'

export interface EventDeps {
  readonly clock: Clock
  /** Those who follow, to be cut off at the end. */
  readonly followers: Set<ServerResponse>
}

const mostFollowers = 50
const pauseMs = 250
/** So that proxies and browsers see that the line is open. */
const heartbeatMs = 15_000
const mostWaitingBytes = 1024 * 1024

export function sendEvents(
  agent: RunningAgent,
  response: ServerResponse,
  { clock, followers }: EventDeps,
  headers: { readonly [name: string]: string },
): void {
  if (followers.size >= mostFollowers) {
    response.writeHead(503, { ...headers, 'retry-after': '5' }).end('too many are following already\n')
    return
  }
  const gone = new AbortController()
  followers.add(response)
  response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' })
  const write = (text: string): void => {
    if (response.writableLength > mostWaitingBytes) response.destroy()
    else response.write(text)
  }
  const report = createReporter(agent, clock, gone.signal, (data) => write(eventOf('report', data)))
  const unfollow = agent.follow((line: LogLine | null) => {
    if (line !== null) write(eventOf('log', line))
    report()
  })
  response.on('close', () => {
    gone.abort()
    unfollow()
    followers.delete(response)
  })
  response.on('error', () => response.destroy())
  report()
  void beat(clock, gone.signal, () => write(': still here\n\n'))
}

/** However often it is asked, one report at a time, with a pause between. */
function createReporter(
  agent: RunningAgent,
  clock: Clock,
  gone: AbortSignal,
  send: (data: object) => void,
): () => void {
  let busy = false
  let again = false
  const ask = (): void => {
    again = true
    if (busy || gone.aborted) return
    busy = true
    again = false
    void once().finally(() => {
      busy = false
      if (again) ask()
    })
  }
  const once = async (): Promise<void> => {
    const data = await agent.report().catch(() => null)
    if (data !== null && !isOver(gone)) send(data)
    await clock.sleep(pauseMs, gone)
  }
  return ask
}

async function beat(clock: Clock, gone: AbortSignal, write: () => void): Promise<void> {
  while (!isOver(gone)) {
    await clock.sleep(heartbeatMs, gone)
    if (!isOver(gone)) write()
  }
}

function isOver(signal: AbortSignal): boolean {
  return signal.aborted
}

function eventOf(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
