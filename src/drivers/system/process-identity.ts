/**
 * Who a process is, beyond its number: numbers are used again, after a while or after a restart of the machine.
 *
 * Locks ask whether their holder still lives, and recovery whether a child it is about to end is the child it means.
 * Wherever it cannot be told, the answer errs to "alive": nobody's lock is taken and nobody's process is ended by guess.
 */
import { execFile } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { promisify } from 'node:util'
import { systemCodeOf } from '../../base/deploy-error.js'

type Look = { readonly startedAt: string } | 'gone' | 'hidden'

/**
 * Tells the process from a later one with the same number; null when it is gone or cannot be seen.
 * On Linux it is read before the function returns its promise, so that even a child that ends at once is known.
 */
export async function startOf(pid: number): Promise<string | null> {
  const seen = await look(pid)
  return typeof seen === 'string' ? null : seen.startedAt
}

/** Whether the process that had this start lives still. A zombie does not. */
export async function isAlive(pid: number, startedAt: string): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 0 || !hasNumber(pid)) return false
  const seen = await look(pid)
  if (seen === 'gone') return false
  return seen === 'hidden' || startedAt === '' || seen.startedAt === startedAt
}

/** Where a process number means anything: the machine, and the process namespace (a container's) on it. */
export interface ProcessPlace {
  readonly machineId: string
  readonly bootId: string
  readonly namespace: string
}

let place: ProcessPlace | undefined

export function thisPlace(): ProcessPlace {
  place ??= {
    machineId: read('/etc/machine-id') ?? '',
    bootId: read('/proc/sys/kernel/random/boot_id') ?? '',
    namespace: readNamespace(),
  }
  return place
}

/** The namespace that every Linux machine starts with; its number is a constant of the kernel. */
const firstNamespace = 'pid:[4026531836]'

/**
 * Whether a process that was in that place can be judged from here by its number.
 * After a restart of the machine it can (it is gone), unless it was in a container: of those several may share a name.
 */
export function canJudge(other: ProcessPlace): boolean {
  const here = thisPlace()
  if (other.machineId !== here.machineId || other.namespace !== here.namespace) return false
  return other.bootId === here.bootId || here.namespace === firstNamespace
}

function hasNumber(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCodeOf(error) === 'EPERM' // another user's
  }
}

function look(pid: number): Promise<Look> {
  return process.platform === 'linux' ? Promise.resolve(lookInProc(pid)) : askPs(pid)
}

function lookInProc(pid: number): Look {
  const stat = readStat(pid)
  if (stat === null) return hasNumber(pid) ? 'hidden' : 'gone'
  return stat.isEnded ? 'gone' : { startedAt: `${thisPlace().bootId}/${stat.startTicks}` }
}

export interface ProcStat {
  readonly isEnded: boolean
  readonly group: number
  readonly startTicks: string
}

/**
 * The parts of /proc/<pid>/stat that matter here; the name in brackets before them may hold anything.
 * A killed process may look like a zombie while a thread of it still finishes a write: it has ended when none is left.
 */
export function readStat(pid: number | string): ProcStat | null {
  const text = read(`/proc/${pid}/stat`)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ') // from the third one on
  const [state = '', , group = ''] = fields
  const threads = Number(fields[17] ?? 0)
  return {
    isEnded: state === 'X' || (state === 'Z' && threads <= 1),
    group: Number(group),
    startTicks: fields[19] ?? '',
  }
}

async function askPs(pid: number): Promise<Look> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', `${pid}`], {
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    })
    const [, state = '', startedAt = ''] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(stdout) ?? []
    return state === '' || state.startsWith('Z') ? 'gone' : { startedAt }
  } catch {
    return hasNumber(pid) ? 'hidden' : 'gone'
  }
}

function readNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}
