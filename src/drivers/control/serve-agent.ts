/**
 * Lets others ask a running agent: over the control socket, which only its own user can open, and over HTTP where
 * deploy.yaml says so. The socket is also what keeps a second agent of the same environment from starting.
 */
import { chmod, lstat, unlink } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { DeployError, systemCodeOf } from '../../base/deploy-error.js'
import type { AgentHttp, AgentMemory, RunningAgent } from '../../model/agent.js'
import type { Ports } from '../../model/ports.js'
import { ensureFolder } from '../system/ensure-folder.js'
import { userId } from '../system/machine.js'
import { randomHex } from '../system/random-hex.js'
import type { AgentFolder } from './agent-folder.js'
import { answerRequest, type Token } from './answer-request.js'

export interface ServeOptions {
  readonly folder: AgentFolder
  readonly memory: AgentMemory
  readonly http: AgentHttp | null
  readonly ports: Pick<Ports, 'clock' | 'secrets'>
  /** Told where the page is. */
  readonly say: (message: string, fields: { readonly [name: string]: unknown }) => void
}

export async function serveAgent(
  agent: RunningAgent,
  options: ServeOptions,
): Promise<{ close(): Promise<void> }> {
  const { folder, http } = options
  await ensureFolder(folder.path)
  await ensureFolder(folder.socketFolder)
  await refuseForeignFolder(folder.socketFolder)
  await clearAway(folder.socket)
  const open: Door[] = []
  try {
    open.push(await openDoor(agent, null, options, { path: folder.socket }))
    await chmod(folder.socket, 0o600)
    if (http !== null) open.push(await openHttp(agent, http, options))
  } catch (error) {
    await Promise.all(open.map((door) => door.close()))
    throw error
  }
  return {
    async close() {
      await Promise.all(open.map((door) => door.close()))
    },
  }
}

interface Door {
  readonly server: Server
  close(): Promise<void>
}

async function openHttp(agent: RunningAgent, http: AgentHttp, options: ServeOptions): Promise<Door> {
  const { token, place } = await tokenOf(http, options)
  const door = await openDoor(agent, token, options, { host: http.host, port: http.port })
  const { port } = door.server.address() as AddressInfo // it listens on TCP
  const host = http.host.includes(':') ? `[${http.host}]` : http.host
  options.say(`the status page is at http://${host}:${port}/?token=…; ${place}`, {
    url: `http://${host}:${port}/`,
  })
  return door
}

async function openDoor(
  agent: RunningAgent,
  token: Token,
  { ports }: ServeOptions,
  where: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<Door> {
  const followers = new Set<ServerResponse>()
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 16 * 1024 }, (request, response) => {
    const deps = { clock: ports.clock, followers }
    void answerRequest(agent, token, request, response, deps).catch(() => response.destroy())
  })
  server.maxConnections = 200
  await listening(server, where)
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const follower of followers) follower.end()
        server.closeAllConnections()
      }),
  }
}

function listening(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      const place = 'path' in where ? where.path : `${where.host}:${where.port}`
      const because = systemCodeOf(error) === 'EADDRINUSE' ? 'something listens there already' : error.message
      const hint = 'path' in where ? 'deployctl agent status' : 'choose another port: agent.http.port'
      reject(new DeployError('IO_FAILED', `cannot listen on ${place}: ${because}`, { hint, cause: error }))
    }
    server.once('error', failed)
    server.listen(where, () => {
      server.off('error', failed)
      server.on('error', () => undefined) // a caller that failed is its own trouble
      resolve()
    })
  })
}

/** The token of deploy.yaml, or one of our own that stays the same from one start to the next. */
async function tokenOf(
  { token }: AgentHttp,
  { memory, folder, ports }: ServeOptions,
): Promise<{ readonly token: string; readonly place: string }> {
  if (token !== null)
    return { token: await ports.secrets.reveal(token), place: 'the token is in deploy.yaml' }
  const place = `the token is in ${folder.path}/token`
  const known = (await memory.read('token'))?.trim() ?? ''
  if (known !== '') return { token: known, place }
  const made = randomHex(48)
  await memory.write('token', `${made}\n`)
  return { token: made, place }
}

/** In a folder that is open to others, somebody else could answer in our name. */
async function refuseForeignFolder(path: string): Promise<void> {
  const facts = await lstat(path)
  if (facts.isDirectory() && facts.uid === userId() && (facts.mode & 0o022) === 0) return
  throw new DeployError(
    'PERMISSION_DENIED',
    `the folder ${path} for the control socket is not this user's alone`,
    {
      hint: 'remove it, or take away the rights of others: chmod 700',
    },
  )
}

/** A socket that nobody answers on is what a killed agent left. */
async function clearAway(socket: string): Promise<void> {
  if (await answers(socket)) {
    throw new DeployError('LOCKED', 'an agent of this environment runs already', {
      hint: 'deployctl agent status',
    })
  }
  await unlink(socket).catch((error: unknown) => {
    if (systemCodeOf(error) !== 'ENOENT') throw error
  })
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const line = connect(socket)
    line.once('connect', () => {
      line.destroy()
      resolve(true)
    })
    line.once('error', () => resolve(false))
  })
}
