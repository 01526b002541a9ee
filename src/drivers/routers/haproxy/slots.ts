/** The slots of a backend as HAProxy has them now, from two of its tables. */
import { isIP, SocketAddress } from 'node:net'
import { DeployError } from '../../../base/deploy-error.js'
import type { Proxy } from './proxy.js'
import { parseStatistics } from './statistics-table.js'

export interface Slot {
  readonly name: string
  readonly host: string
  readonly port: number
  /** 0 to 256. */
  readonly share: number
  /** `ready`: it gets its share; `drain`: only visitors that know it; `maint`: nothing new. */
  readonly state: 'ready' | 'drain' | 'maint'
  /** False when HAProxy's own check, should it have one, says it is down. */
  readonly isUp: boolean
  /** Requests or connections that are open or wait for it. */
  readonly open: number
}

/** Bits of srv_admin_state: forced, inherited and resolved maintenance; forced and inherited drain. */
const maintBits = 0x01 | 0x02 | 0x20
const drainBits = 0x08 | 0x10

/** Whether something new may come to it. */
export function hasTraffic(slot: Slot): boolean {
  return slot.state === 'drain' || (slot.state === 'ready' && slot.share > 0)
}

/** Throws when there is no such backend, or none of its servers can be a slot. */
export async function readSlots(proxy: Proxy, signal: AbortSignal): Promise<readonly Slot[]> {
  const text = await proxy.ask(`show servers state ${proxy.backend}`, signal)
  if (/^Can't find backend/.test(text)) throw noBackend(proxy)
  const states = text.split('\n').slice(2) // a version, and the names of the columns
  if (!text.startsWith('1\n')) throw garbage(proxy, 'show servers state', text)
  if (states.every((line) => line.trim() === '')) throw noSlots(proxy)
  const open = await readOpen(proxy, signal)
  return states.filter((line) => line.trim() !== '').map((line) => slotOf(line.split(' '), open))
}

/** Requests or connections that are open or wait, by slot. */
export async function readOpen(proxy: Proxy, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const text = await proxy.ask(`show stat ${proxy.backend} 4 -1`, signal) // 4: its servers
  const rows = parseStatistics(text)
  if (rows === null) throw garbage(proxy, 'show stat', text)
  const own = rows.filter((row) => row.get('pxname') === proxy.backend)
  return new Map(own.map((row) => [row.get('svname') ?? '', count(row.get('scur')) + count(row.get('qcur'))]))
}

function slotOf(fields: readonly string[], open: ReadonlyMap<string, number>): Slot {
  const name = fields[3] ?? ''
  const admin = Number(fields[6] ?? 0)
  return {
    name,
    host: fields[4] ?? '',
    port: Number(fields[18] ?? 0),
    share: Number(fields[7] ?? 0),
    state: (admin & maintBits) !== 0 ? 'maint' : (admin & drainBits) !== 0 ? 'drain' : 'ready',
    isUp: fields[5] !== '0' && fields[5] !== '3', // 0: stopped; 3: stopping
    open: open.get(name) ?? 0,
  }
}

function count(text: string | undefined): number {
  return Number(text ?? 0)
}

/** An address as HAProxy shows it, so that two ways to write the same one are the same. */
export function canonicalHost(host: string): string {
  return isIP(host) === 6 ? new SocketAddress({ address: host, family: 'ipv6' }).address : host
}

function noBackend(proxy: Proxy): DeployError {
  return new DeployError('TARGET_REFUSED', `${proxy.called} has no backend ${proxy.backend}.`, {
    hint: `Add it to its configuration: a frontend with \`default_backend ${proxy.backend}\`, and the lines below; then reload HAProxy.`,
    details: slotLines(proxy),
  })
}

function noSlots(proxy: Proxy): DeployError {
  return new DeployError('TARGET_REFUSED', `Backend ${proxy.backend} of ${proxy.called} has no servers.`, {
    hint: 'Give it fixed slots, at least two for each instance, and reload HAProxy.',
    details: slotLines(proxy),
  })
}

export function slotLines(proxy: Proxy): readonly string[] {
  const slots = [1, 2, 3, 4].map((number) => `  server slot${number} 0.0.0.0:1 disabled`)
  return [`backend ${proxy.backend}`, '  balance roundrobin', ...slots]
}

function garbage(proxy: Proxy, command: string, text: string): DeployError {
  const [first = ''] = text.split('\n', 1)
  const denied = /permission denied/i.test(text)
  return new DeployError(
    denied ? 'PERMISSION_DENIED' : 'TARGET_REFUSED',
    `${proxy.called} answers \`${command}\`: ${first.slice(0, 200)}`,
    { hint: denied ? levelHint : 'HAProxy 2.6 or later is needed.' },
  )
}

export const levelHint = 'Its `stats socket` line needs `level admin`.'
