/** Servers on loopback ports that misbehave on purpose, and are gone when asked to be. */
import { createServer as createHttp, type RequestListener, type Server as HttpServer } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { createServer as createTcp, type Server, type Socket } from 'node:net'

export interface Loopback {
  readonly port: number
  /** Connections open at this moment, as the server sees it. */
  connections(): Promise<number>
  close(): Promise<void>
}

export function serveHttp(listener: RequestListener, address = '127.0.0.1'): Promise<Loopback> {
  return listen(createHttp(listener), address)
}

export function serveHttps(
  certificate: { readonly key: string; readonly cert: string },
  listener: RequestListener,
): Promise<Loopback> {
  return listen(createHttps(certificate, listener), '127.0.0.1')
}

export function serveTcp(onSocket: (socket: Socket) => void, address = '127.0.0.1'): Promise<Loopback> {
  return listen(createTcp(onSocket), address)
}

/** A port on which nothing listens: one that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = await serveTcp(() => {})
  await server.close()
  return server.port
}

async function listen(server: Server | HttpServer, address: string): Promise<Loopback> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, address, resolve)
  })
  const at = server.address()
  return {
    port: typeof at === 'object' && at !== null ? at.port : 0,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      ),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
