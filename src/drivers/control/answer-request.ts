/** One request to the agent: who asks, which route, the reply. Nothing that a caller sends can bring the agent down. */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RunningAgent } from '../../model/agent.js'
import { sendEvents, type EventDeps } from './send-events.js'
import { eventsPath, routes, text, type Reply } from './routes.js'

/** Null: the control socket, whose callers are the agent's own user. */
export type Token = string | null

const cookieName = 'deployctl_token'
const longestBody = 64 * 1024
const safety = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

export async function answerRequest(
  agent: RunningAgent,
  token: Token,
  request: IncomingMessage,
  response: ServerResponse,
  deps: EventDeps,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://agent')
  if (token !== null && url.searchParams.has('token')) return welcome(token, url, request, response)
  const isReader = token === null || knows(token, request)
  if (url.pathname === eventsPath && request.method === 'GET' && isReader) {
    sendEvents(agent, response, deps, safety)
    return
  }
  send(response, await replyTo(agent, token, url.pathname, isReader, request), request.method === 'HEAD')
}

async function replyTo(
  agent: RunningAgent,
  token: Token,
  path: string,
  isReader: boolean,
  request: IncomingMessage,
): Promise<Reply> {
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const known = routes.filter((route) => route.path === path)
  const route = known.find((one) => one.method === method)
  if (!isReader && route?.who !== 'anyone') {
    return text(401, 'a token is needed: Authorization: Bearer TOKEN, or ?token=TOKEN in a browser\n')
  }
  if (route === undefined) {
    return known.length === 0 ? text(404, 'there is nothing here\n') : text(405, 'not with this method\n')
  }
  if (route.who === 'owner' && token !== null) {
    return text(403, 'commands are taken over the control socket only: deployctl agent …\n')
  }
  try {
    return await route.reply(agent, request.method === 'POST' ? await bodyOf(request) : undefined)
  } catch (error) {
    return text(500, `${error instanceof Error ? error.message : String(error)}\n`)
  }
}

/** From a link with the token to a cookie: it stays neither in the address bar nor in the history. */
function welcome(token: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' || !isSame(token, url.searchParams.get('token') ?? '')) {
    send(response, text(401, 'this is not the token\n'), false)
    return
  }
  const cookie = `${cookieName}=${encodeURIComponent(token)}; HttpOnly; SameSite=Strict; Path=/`
  response.writeHead(303, { ...safety, 'set-cookie': cookie, location: '/' }).end()
}

function knows(token: string, request: IncomingMessage): boolean {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return isSame(token, bearer)
  const cookies = (request.headers.cookie ?? '').split(/; */).map((pair) => pair.split('='))
  const own = cookies.find(([name]) => name === cookieName)?.[1]
  return own !== undefined && isSame(encodeURIComponent(token), own)
}

/** In the same time, however much of it is right. */
function isSame(wanted: string, given: string): boolean {
  const [a, b] = [Buffer.from(wanted), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let whole = ''
  for await (const chunk of request) {
    whole += String(chunk)
    if (whole.length > longestBody) throw new Error('the body is too long')
  }
  return whole === '' ? undefined : JSON.parse(whole)
}

function send(response: ServerResponse, { status, type, body }: Reply, headOnly: boolean): void {
  const length = Buffer.byteLength(body)
  response.writeHead(status, { ...safety, 'content-type': type, 'content-length': length })
  response.end(headOnly ? undefined : body)
}
