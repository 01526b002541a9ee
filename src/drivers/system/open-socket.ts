/**
 * Opening a listening socket that this process only holds, for others to accept from.
 *
 * Whatever Node listens on, it also accepts from, and so takes connections from those it was opened for. So a process
 * of its own listens, passes the socket on, and is gone before its event loop turns: nothing of it is ever polled here.
 */
import { spawn } from 'node:child_process'
import { DeployError } from '../../base/deploy-error.js'

export type SocketPlace =
  { readonly host: string; readonly port: number; readonly ipv6Only: boolean } | { readonly path: string }

export interface HeldSocket {
  /** Its number in this process, to be handed to children. */
  readonly fd: number
  /** The port it got, where 0 was asked for. */
  readonly port: number | null
  close(): void
}

/** Passing it on happens within the call, so that ending right after it is in time. */
const opener = `
const server = require('node:net').createServer()
server.once('error', ({ code }) => process.send({ code }, () => process.exit(1)))
server.listen({ ...JSON.parse(process.argv[1]), backlog: 4096 }, () => {
  process.send({ port: server.address().port ?? null }, server._handle)
  process.kill(process.pid, 'SIGKILL')
})`

/** Throws DeployError IO_FAILED when the place is taken or not to be had. */
export async function openSocket(place: SocketPlace): Promise<HeldSocket> {
  const child = spawn(process.execPath, ['-e', opener, JSON.stringify(place)], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {},
  })
  return new Promise((resolve, reject) => {
    let got: HeldSocket | null = null
    let why = 'the process that opens it ended'
    child.on('message', (message: { readonly port?: number | null; readonly code?: string }, handle) => {
      if (message.code !== undefined) why = says[message.code] ?? message.code
      if (isHandle(handle)) got = { fd: handle.fd, port: message.port ?? null, close: () => handle.close() }
    })
    child.once('error', (error) => {
      why = error.message
    })
    child.once('close', () => {
      if (got !== null) return resolve(got)
      const where = 'path' in place ? place.path : `${place.host} port ${place.port}`
      reject(new DeployError('IO_FAILED', `cannot listen on ${where}: ${why}`))
    })
  })
}

const says: { readonly [code: string]: string } = {
  EADDRINUSE: 'something else listens there',
  EACCES: 'this user may not (ports below 1024 are for root)',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOENT: 'its folder is not there',
}

/** Node's own word for an open socket, which its types do not know. */
function isHandle(value: unknown): value is { readonly fd: number; close(): void } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'fd' in value &&
    typeof value.fd === 'number' &&
    'close' in value
  )
}
