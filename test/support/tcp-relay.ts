/** A wire between a program and a port on loopback that a test can cut, and mend again. */
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

export interface TcpRelay {
  readonly port: number
  /** Bytes that went to the port so far. */
  sent(): number
  /** From now on, so many bytes go to the port; then every connection goes at once, and new ones are let through. */
  dropAfter(bytes: number): void
  /** Every connection goes at once, and new ones are refused. */
  cut(): void
  mend(): Promise<void>
  close(): Promise<void>
}

export async function startTcpRelay(to: number): Promise<TcpRelay> {
  const open = new Set<Socket>()
  let sent = 0
  let dropAt = Infinity
  const drop = (): void => {
    for (const socket of open) socket.destroy()
  }
  const server = createServer((near) => {
    const far = createConnection({ port: to, host: '127.0.0.1' })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => undefined) // the other end goes with it
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
    near.on('data', (bytes: Buffer) => {
      sent += bytes.length
      if (sent < dropAt) return
      dropAt = Infinity
      drop()
    })
  })
  const listen = (port: number): Promise<void> =>
    new Promise((done) => server.listen(port, '127.0.0.1', () => done()))
  await listen(0)
  const { port } = server.address() as AddressInfo // it listens on a port
  const cut = (): void => {
    server.close()
    drop()
  }
  return {
    port,
    sent: () => sent,
    dropAfter(bytes) {
      dropAt = sent + bytes
    },
    cut,
    mend: () => listen(port),
    close() {
      const closed = new Promise<void>((done) => server.once('close', () => done()))
      cut()
      return server.listening ? closed : Promise.resolve()
    },
  }
}
