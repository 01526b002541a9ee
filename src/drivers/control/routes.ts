/**
 * What a running agent answers over HTTP, as a table: who may ask, and what comes back. The control socket and the TCP
 * listener share it; whoever reaches the socket is the agent's own user, everybody else shows a token and only reads.
 */
import type { RunningAgent } from '../../model/agent.js'
import { pageFiles } from './page-files.js'

export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string
}

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** `anyone` needs no token; `owner` is the control socket alone. */
  readonly who: 'anyone' | 'reader' | 'owner'
  readonly reply: (agent: RunningAgent, body: unknown) => Promise<Reply> | Reply
}

export const eventsPath = '/api/v1/events'

export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/healthz',
    who: 'anyone',
    reply: (agent) => word(agent.isAlive(), 'ok', 'the loop hangs'),
  },
  {
    method: 'GET',
    path: '/readyz',
    who: 'anyone',
    reply: (agent) => word(agent.snapshot().lastPollAt !== null, 'ready', 'nothing has been looked at yet'),
  },
  {
    method: 'GET',
    path: '/metrics',
    who: 'reader',
    reply: async (agent) => text(200, await agent.metrics(), 'text/plain; version=0.0.4; charset=utf-8'),
  },
  {
    method: 'GET',
    path: '/api/v1/status',
    who: 'reader',
    reply: async (agent) => json(await agent.report()),
  },
  { method: 'GET', path: '/api/v1/logs', who: 'reader', reply: (agent) => json({ lines: agent.logs() }) },
  ...pageFiles.map(({ path, type, body }): Route => ({
    method: 'GET',
    path,
    who: 'reader',
    reply: () => ({ status: 200, type, body }),
  })),
  {
    method: 'POST',
    path: '/api/v1/check',
    who: 'owner',
    reply(agent) {
      agent.check()
      return json({ done: true })
    },
  },
  {
    method: 'POST',
    path: '/api/v1/pause',
    who: 'owner',
    async reply(agent, body) {
      await agent.pause({ by: textIn(body, 'by'), reason: textIn(body, 'reason') })
      return json({ done: true })
    },
  },
  {
    method: 'POST',
    path: '/api/v1/approve',
    who: 'owner',
    async reply(agent, body) {
      const orNull = (text: string): string | null => (text === '' ? null : text)
      const what = orNull(textIn(body, 'what'))
      return json(
        await agent.approve({ what, by: textIn(body, 'by'), reason: orNull(textIn(body, 'reason')) }),
      )
    },
  },
  {
    method: 'POST',
    path: '/api/v1/resume',
    who: 'owner',
    async reply(agent) {
      await agent.resume()
      return json({ done: true })
    },
  },
  {
    method: 'POST',
    path: '/api/v1/reload',
    who: 'owner',
    reply(agent) {
      agent.reload()
      return json({ done: true })
    },
  },
]

export function text(status: number, body: string, type = 'text/plain; charset=utf-8'): Reply {
  return { status, type, body }
}

function word(isGood: boolean, good: string, bad: string): Reply {
  return isGood ? text(200, `${good}\n`) : text(503, `${bad}\n`)
}

function json(data: object): Reply {
  return { status: 200, type: 'application/json; charset=utf-8', body: `${JSON.stringify(data)}\n` }
}

function textIn(body: unknown, key: string): string {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, key) : undefined
  return typeof value === 'string' ? value.slice(0, 500) : ''
}
