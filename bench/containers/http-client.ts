/**
 * One client of a load: it sends one request at a time, over a connection that it keeps or over a fresh one each time,
 * and says precisely how each ended. It never tries again: what a user's browser would paper over must be counted.
 */
import { Agent, request, type ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import type { Ending } from './load-result.js'

export interface Answer {
  readonly ending: Ending
  readonly what: string
  readonly version: string | undefined
}

export interface ConnectionListener {
  opened(): unknown
  refused(): unknown
  reset(): unknown
  closedWhenIdle(): unknown
}

export interface HttpClient {
  readonly kind: 'keep-alive' | 'fresh'
  readonly isBusy: boolean
  send(path: string, deadlineMs: number): Promise<Answer>
  close(): void
}

export function httpClient(
  kind: 'keep-alive' | 'fresh',
  address: { readonly host: string; readonly port: number },
  headers: Readonly<Record<string, string>>,
  heard: ConnectionListener,
): HttpClient {
  const keepAlive = kind === 'keep-alive'
  const agent = new Agent({ keepAlive, maxSockets: 1, maxFreeSockets: 1 })
  const known = new WeakSet<Socket>()
  let isBusy = false
  const follow = (socket: Socket): void => {
    if (known.has(socket)) return
    known.add(socket)
    socket.once('connect', () => heard.opened())
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') heard.refused()
      else if (error.code === 'ECONNRESET' || error.code === 'EPIPE') heard.reset()
    })
    socket.once('end', () => {
      if (!isBusy && keepAlive) heard.closedWhenIdle()
    })
  }
  return {
    kind,
    get isBusy() {
      return isBusy
    },
    async send(path, deadlineMs) {
      isBusy = true
      const question = request({ ...address, path, agent, headers })
      question.once('socket', follow)
      try {
        return await answerTo(question, deadlineMs)
      } finally {
        isBusy = false
      }
    },
    close: () => agent.destroy(),
  }
}

function answerTo(question: ClientRequest, deadlineMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const end = (ending: Ending, what: string, version?: string): void => {
      clearTimeout(late)
      resolve({ ending, what, version })
    }
    const late = setTimeout(() => {
      end('timedOut', `no answer in ${deadlineMs} ms`)
      question.destroy()
    }, deadlineMs)
    question.once('error', (error: NodeJS.ErrnoException) => end(endingOf(error), error.message))
    question.on('error', () => undefined) // a second one after the first was counted
    question.once('response', (response) => {
      const status = response.statusCode ?? 0
      const version = response.headers['x-app-version']
      response.once('error', (error: NodeJS.ErrnoException) => end(endingOf(error), error.message))
      // the body's end counts, not its beginning; without `complete` the connection ended in the middle
      response.once('close', () => {
        if (!response.complete) end('cut', 'the answer ended in the middle')
        else if (status >= 500) end('serverError', String(status))
        else if (status < 200 || status >= 300) end('otherStatus', String(status))
        else end('answered', String(status), typeof version === 'string' ? version : undefined)
      })
      response.resume()
    })
    question.end()
  })
}

/** Node calls it a reset, too, when the other side just ends: only its words tell them apart. */
function endingOf(error: NodeJS.ErrnoException): Ending {
  if (error.message === 'socket hang up' || error.message === 'aborted') return 'cut'
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return 'reset'
  if (error.syscall === 'connect') return 'refused'
  return 'cut'
}
