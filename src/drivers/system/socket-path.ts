/** Where a Unix socket of ours lies: kernels allow so little for its path that it cannot always be beside its owner's files. */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { userId } from './machine.js'

/** What the kernels allow for the path of a socket, with room for its end. */
const longestSocketPath = 100

export interface SocketPath {
  readonly socket: string
  /** The folder of the socket: the wanted one, or one of this user in the folder for temporary files. */
  readonly socketFolder: string
}

export function socketPathIn(folder: string, name: string): SocketPath {
  const socket = join(folder, name)
  if (Buffer.byteLength(socket) <= longestSocketPath) return { socket, socketFolder: folder }
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  const socketFolder = join(tmpdir(), `deployctl-${userId()}`)
  return { socket: join(socketFolder, `${digest}.sock`), socketFolder }
}
