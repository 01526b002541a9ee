/** An instance to send traffic to: a small web server that answers with its name, slowly on demand, and holds upgrades. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RouterEnd } from '../../../src/model/router.js'

export interface TinyEnd {
  readonly name: string
  readonly port: number
  /** Requests that were begun, and upgrades that are open. */
  readonly seen: { requests: number; upgrades: number }
  end(weight?: number): RouterEnd
  close(): Promise<void>
}

/** `/slow/500` answers after 500 ms; anything else at once. */
export async function tinyEnd(name: string): Promise<TinyEnd> {
  const seen = { requests: 0, upgrades: 0 }
  const server = createServer((request, response) => {
    seen.requests++
    const ms = Number(/^\/slow\/(\d+)/.exec(request.url ?? '')?.[1] ?? 0)
    const answer = () => response.end(name)
    if (ms === 0) answer()
    else setTimeout(answer, ms)
  })
  server.on('upgrade', (_, socket) => {
    seen.upgrades++
    socket.on('close', () => seen.upgrades--)
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    name,
    port,
    seen,
    end: (weight = 1) => ({ name, address: { host: '127.0.0.1', port }, weight }),
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
