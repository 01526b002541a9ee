/** The sockets of the holder: the real ones, opened once and kept, and those of trials, which come and go. */
import { chmod, lstat, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DeployError } from '../../../../base/deploy-error.js'
import { openSocket, type HeldSocket } from '../../../system/open-socket.js'
import type { Address, Listen } from './protocol.js'
import { reachedAt } from './reached-at.js'
import { addressText } from './worker-command.js'

/** What one generation gets. */
export interface HeldSockets {
  readonly fds: readonly number[]
  /** With the ports they really have. */
  readonly listen: readonly Listen[]
  readonly address: Address | null
  readonly socket: string | null
}

interface Open {
  readonly listen: Listen
  readonly held: HeldSocket
}

export interface RealSockets {
  /** Opens those that are missing; if one cannot be had, those that were opened for it are closed again. */
  have(wanted: readonly Listen[]): Promise<HeldSockets>
  /** Those that are open. */
  listens(): readonly Listen[]
  /** Closes all others. */
  keepOnly(wanted: readonly Listen[]): Promise<void>
}

export function realSockets(): RealSockets {
  const open = new Map<string, Open>()
  const close = async (key: string): Promise<void> => {
    const one = open.get(key)
    open.delete(key)
    if (one !== undefined) await closeOne(one)
  }
  return {
    async have(wanted) {
      const fresh: string[] = []
      try {
        for (const listen of wanted) {
          const key = addressText(listen)
          if (open.has(key)) continue
          open.set(key, await openOne(listen))
          fresh.push(key)
        }
      } catch (error) {
        for (const key of fresh) await close(key)
        throw error
      }
      return handOver(wanted.flatMap((listen) => open.get(addressText(listen)) ?? []))
    },
    listens: () => [...open.values()].map(({ listen }) => listen),
    async keepOnly(wanted) {
      const keys = new Set(wanted.map(addressText))
      for (const key of [...open.keys()]) if (!keys.has(key)) await close(key)
    },
  }
}

export interface TrialSockets extends HeldSockets {
  close(): Promise<void>
}

/** Of the same kinds, in the same order, on this machine only. */
export async function trialSockets(wanted: readonly Listen[], folder: string): Promise<TrialSockets> {
  const open: Open[] = []
  const closeAll = async (): Promise<void> => {
    for (const one of open) await closeOne(one)
  }
  try {
    for (const [index, listen] of wanted.entries()) open.push(await openOne(privately(listen, index, folder)))
  } catch (error) {
    await closeAll()
    throw error
  }
  return { ...handOver(open), close: closeAll }
}

/** The same kind, where nobody looks; the port is for the system to choose. */
export function privately(listen: Listen, index: number, folder: string): Listen {
  if (listen.kind === 'unix') return { ...listen, path: join(folder, `t${index}.sock`) }
  return { kind: 'tcp', host: listen.host.includes(':') ? '::1' : '127.0.0.1', port: 0 }
}

async function openOne(listen: Listen): Promise<Open> {
  if (listen.kind === 'tcp') {
    const { host, port } = listen
    const held = await openSocket({ host, port, ipv6Only: host.includes(':') })
    return { listen: { ...listen, port: held.port ?? port }, held }
  }
  await clearAway(listen.path)
  const held = await openSocket({ path: listen.path })
  await chmod(listen.path, listen.mode)
  return { listen, held }
}

async function closeOne({ listen, held }: Open): Promise<void> {
  held.close()
  if (listen.kind === 'unix') await rm(listen.path, { force: true })
}

/** A socket that nobody answers on is what somebody who was killed has left. */
export async function clearAway(path: string): Promise<void> {
  const facts = await lstat(path).catch(() => null)
  if (facts === null) return
  if (!facts.isSocket()) throw new DeployError('IO_FAILED', `cannot listen on ${path}: it is no socket`)
  if (await answers(path))
    throw new DeployError('IO_FAILED', `cannot listen on ${path}: something else listens there`)
  await rm(path, { force: true })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const line = connect(path)
    line.once('connect', () => {
      line.destroy()
      resolve(true)
    })
    line.once('error', () => resolve(false))
  })
}

function handOver(open: readonly Open[]): HeldSockets {
  const listen = open.map((one) => one.listen)
  return { fds: open.map(({ held }) => held.fd), listen, ...reachedAt(listen) }
}
