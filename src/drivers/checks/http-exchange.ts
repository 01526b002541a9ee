/**
 * One HTTP request and its answer, over node:http rather than fetch: only there can a Host header, TLS options and the
 * connection itself be had exactly, and nothing is kept alive behind the probe's back.
 */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { openTunnel } from '../system/open-tunnel.js'

/** Enough for any health page; more is cut, so that a wrong URL cannot fill the memory. */
export const bodyLimitBytes = 64 * 1024

export interface TlsOptions {
  readonly ca?: string
  readonly serverName?: string
  readonly insecure: boolean
}

export interface HttpRequest {
  readonly url: URL
  readonly method: string
  readonly headers: { readonly [name: string]: string }
  readonly tls: TlsOptions
  /** How the port is reached from another host; null to connect from here. */
  readonly through: ((host: string, port: number) => readonly string[]) | null
}

export interface HttpAnswer {
  readonly status: number
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  /** Whether the body went on after what was read of it. */
  readonly cut: boolean
}

/** How far an exchange is, for the answer when it is given up. */
export type Phase = 'connecting' | 'through' | 'waiting' | number

/** `wantsBody` decides, once status and headers are there, whether the body is waited for. Rejects with Node's errors. */
export async function exchange(
  request: HttpRequest,
  wantsBody: (status: number, headers: HttpAnswer['headers']) => boolean,
  onPhase: (phase: Phase) => void,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { url, method, headers, tls } = request
  const stream = await streamThrough(request, onPhase)
  return new Promise((resolve, reject) => {
    const common = {
      method,
      headers: { ...headers, connection: 'close' },
      signal,
      // a connection of its own is only asked for where there is no agent at all
      ...(stream === null ? { agent: false } : { createConnection: () => secured(stream, request) }),
    } as const
    const sent =
      url.protocol === 'https:'
        ? requestHttps(url, {
            ...common,
            rejectUnauthorized: !tls.insecure,
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
          })
        : requestHttp(url, common)
    sent.on('error', reject)
    sent.on('close', () => stream?.destroy())
    sent.on('socket', (socket) => socket.once('connect', () => onPhase('waiting')))
    sent.on('response', (response) => {
      const status = response.statusCode ?? 0
      const received = flatten(response)
      onPhase(status)
      readBody(response, wantsBody(status, received) ? bodyLimitBytes : 0).then(
        (read) => resolve({ status, headers: received, ...read }),
        reject,
      )
    })
    sent.end()
  })
}

async function streamThrough(
  { url, through }: HttpRequest,
  onPhase: (phase: Phase) => void,
): Promise<Duplex | null> {
  if (through === null) return null
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const stream = await openTunnel(through(url.hostname.replace(/^\[(.*)\]$/, '$1'), port))
  onPhase('through')
  return stream
}

function secured(stream: Duplex, { url, tls, headers }: HttpRequest): Duplex {
  if (url.protocol !== 'https:') return stream
  const [, asked] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'host') ?? []
  const name = tls.serverName ?? asked?.replace(/:\d+$/, '') ?? url.hostname.replace(/^\[(.*)\]$/, '$1')
  const secure = connectTls({
    socket: stream,
    rejectUnauthorized: !tls.insecure,
    host: name, // whom the certificate has to be for
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  })
  stream.on('error', (error) => secure.destroy(error))
  return secure
}

function flatten(response: IncomingMessage): HttpAnswer['headers'] {
  const pairs = Object.entries(response.headersDistinct).map(
    ([name, values]) => [name, (values ?? []).join(', ')] as const,
  )
  return Object.fromEntries(pairs)
}

async function readBody(response: IncomingMessage, limit: number): Promise<{ body: string; cut: boolean }> {
  const chunks: Buffer[] = []
  let size = 0
  // Leaving the loop early destroys the response, and its connection with it.
  for await (const chunk of limit > 0 ? response : []) {
    chunks.push(chunk as Buffer) // no encoding is set, so chunks are bytes
    size += (chunk as Buffer).length
    if (size > limit) break
  }
  response.destroy()
  return { body: Buffer.concat(chunks).subarray(0, limit).toString('utf8'), cut: size > limit }
}
