/** A real web server on loopback that serves one file, with ranges, and misbehaves on request. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface FileServer {
  readonly origin: string
  readonly requests: IncomingMessage[]
  /** Answers in this order, one for each request; the last one for all that follow. */
  script(...answers: readonly Answer[]): void
  end(): Promise<void>
}

export async function startFileServer(): Promise<FileServer> {
  let answers: Answer[] = []
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    response.on('error', () => undefined)
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    answer?.(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    script(...next) {
      answers = [...next]
      requests.length = 0
    },
    end: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function etagOf(content: Buffer): string {
  return `"${createHash('sha1').update(content).digest('hex')}"`
}

export interface FileParts {
  readonly etag?: string | null
  /** The connection is cut after so many bytes of the body. */
  readonly cutAfter?: number
  /** Nothing more is sent after so many bytes; the connection stays. */
  readonly stallAfter?: number
  readonly ranges?: boolean
  readonly headers?: { readonly [name: string]: string }
  /** Without a length. */
  readonly chunked?: boolean
}

/** The file, as an honest server sends it: the whole, or the range that was asked for. */
export function file(content: Buffer, parts: FileParts = {}): Answer {
  const etag = parts.etag === undefined ? etagOf(content) : parts.etag
  return (request, response) => {
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
    const fits = etag !== null && request.headers['if-range'] === etag
    const from = range !== null && fits && parts.ranges !== false ? Number(range[1]) : 0
    if (from > 0 && from >= content.length) {
      return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
    }
    const body = content.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, {
      ...(parts.chunked === true ? {} : { 'content-length': String(body.length) }),
      ...(etag === null ? {} : { etag }),
      ...(from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
      ...parts.headers,
    })
    const most = parts.cutAfter ?? parts.stallAfter
    if (most === undefined) return void response.end(body)
    response.write(body.subarray(0, most), () => {
      if (parts.cutAfter !== undefined) setTimeout(() => response.socket?.destroy(), 20)
    })
    if (most === 0) response.flushHeaders()
  }
}

export function status(code: number, headers: { readonly [name: string]: string } = {}, body = ''): Answer {
  return (_request, response) => void response.writeHead(code, headers).end(body)
}
