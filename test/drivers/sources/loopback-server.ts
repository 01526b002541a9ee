/** A web server on loopback that answers as a test tells it to, and remembers what it was asked. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serveHttp } from '../../contract/loopback.js'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: IncomingMessage['headers']
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly origin: string
  readonly asked: Asked[]
  /** Answers for a path; a text or bytes is served with an ETag and conditional requests. */
  serve(path: string, content: string | Buffer | Handler, headers?: { readonly [name: string]: string }): void
  remove(path: string): void
  /** Answers everything, whatever was served: an outage. Null ends it. */
  breakWith(handler: Handler | null): void
  end(): Promise<void>
}

export async function startLoopbackServer(): Promise<LoopbackServer> {
  const routes = new Map<string, Handler>()
  const asked: Asked[] = []
  let outage: Handler | null = null
  const server = await serveHttp((request, response) => {
    const path = request.url ?? '/'
    response.on('close', () => {
      asked.push({
        method: request.method ?? '',
        path,
        status: response.statusCode,
        headers: request.headers,
      })
    })
    const handler = outage ?? routes.get(path) ?? routes.get('*')
    if (handler === undefined) response.writeHead(404).end('no such thing')
    else handler(request, response)
  })
  return {
    origin: `http://127.0.0.1:${server.port}`,
    asked,
    serve(path, content, headers = {}) {
      routes.set(path, typeof content === 'function' ? content : withEtag(content, headers))
    },
    remove: (path) => void routes.delete(path),
    breakWith(handler) {
      outage = handler
    },
    end: () => server.close(),
  }
}

function withEtag(content: string | Buffer, headers: { readonly [name: string]: string }): Handler {
  const etag = `"${createHash('sha1').update(content).digest('hex')}"`
  return (request, response) => {
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end()
    const length = String(Buffer.byteLength(content))
    response.writeHead(200, { etag, 'content-length': length, 'accept-ranges': 'none', ...headers })
    response.end(request.method === 'HEAD' ? undefined : content)
  }
}

export const answers = {
  status:
    (status: number, body = '', headers: { readonly [name: string]: string } = {}): Handler =>
    (_request, response) =>
      void response.writeHead(status, headers).end(body),
  /** Takes the connection and drops it. */
  cut: ((request) => void request.socket.destroy()) satisfies Handler,
  /** Goes in circles. */
  loop: ((request, response) => {
    response.writeHead(302, { location: request.url ?? '/' }).end()
  }) satisfies Handler,
}
