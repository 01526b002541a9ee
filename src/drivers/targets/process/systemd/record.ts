/** What deployctl and the guard write down of a place whose app is systemd's: the only thing units cannot tell. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError } from '../../../../base/deploy-error.js'
import { formatDuration } from '../../../../base/duration.js'
import { ensureFolder } from '../../../system/ensure-folder.js'
import { ifThere } from '../../../system/if-there.js'
import { writeAtomically } from '../../../system/write-atomically.js'
import type { Listen, StandIn } from '../holder/protocol.js'
import { sayGivenUp } from '../holder/restart-rules.js'

/** What is to be known of a release to look at it, and to start it again without deployctl. */
export interface Kept {
  readonly workers: number
  readonly listen: readonly Listen[]
  readonly directory: string
}

export interface PlaceRecord {
  readonly format: 1
  /** Of the last start with real sockets. */
  readonly number: number
  readonly serving: string | null
  /** What served before, oldest first. */
  readonly good: readonly string[]
  /** Of those that serve, have served, or are about to. */
  readonly kept: { readonly [name: string]: Kept }
  readonly trial: { readonly name: string; readonly listen: readonly Listen[] } | null
}

export const emptyRecord: PlaceRecord = {
  format: 1,
  number: 0,
  serving: null,
  good: [],
  kept: {},
  trial: null,
}

const recordFile = (folder: string): string => join(folder, 'record.json')
const givenUpFile = (folder: string): string => join(folder, 'given-up')
const endsFile = (folder: string, name: string): string => join(folder, `${name}.ends`)

/** Null when there is none. */
export async function readRecord(folder: string): Promise<PlaceRecord | null> {
  const text = await ifThere(readFile(recordFile(folder), 'utf8'))
  if (text === null) return null
  try {
    return JSON.parse(text) as PlaceRecord // written whole by deployctl
  } catch (error) {
    throw new DeployError('IO_FAILED', `${recordFile(folder)} cannot be read.`, { cause: error })
  }
}

export function recordText(record: PlaceRecord): string {
  return `${JSON.stringify(record)}\n`
}

export async function writeRecord(folder: string, record: PlaceRecord): Promise<void> {
  await ensureFolder(folder)
  await writeAtomically(recordFile(folder), recordText(record))
}

export interface GivenUp {
  readonly name: string
  readonly reason: string
  /** For how long an end counts. */
  readonly withinS: number
}

/** By the guard. */
export async function readGivenUp(folder: string): Promise<GivenUp | null> {
  const text = await ifThere(readFile(givenUpFile(folder), 'utf8'))
  const match = /^(\d+) (\d+) (\S+) (\S+) \d+ (.+)\n$/.exec(text ?? '')
  if (match === null) return null
  const [, times = '', within = '', code = '', status = '', name = ''] = match
  const withinS = Number(within)
  return { name, withinS, reason: sayGivenUp(Number(times), withinS * 1000, sayEnd(code, status)) }
}

export function standInOf(record: PlaceRecord, givenUp: GivenUp | null): StandIn | null {
  if (givenUp === null || record.serving === null || record.serving === givenUp.name) return null
  const { name, reason } = givenUp
  return { name, by: record.serving, reason }
}

export async function forgetGivenUp(folder: string): Promise<void> {
  await rm(givenUpFile(folder), { force: true })
}

/** From now on its ends count. */
export async function countEnds(folder: string, name: string): Promise<void> {
  await writeAtomically(endsFile(folder, name), '')
}

/** It is asked to end. */
export async function forgetEnds(folder: string, name: string): Promise<void> {
  await rm(endsFile(folder, name), { force: true })
}

/** How it last ended and when, by the time since this machine has started; null when it has not. */
export async function lastEnd(
  folder: string,
  name: string,
): Promise<{ readonly how: string; readonly atS: number } | null> {
  const text = (await ifThere(readFile(endsFile(folder, name), 'utf8'))) ?? ''
  const match = /(?:^|\n)(\d+) (\S+) (\S+)\n$/.exec(text)
  return match === null ? null : { atS: Number(match[1]), how: sayEnd(match[2] ?? '', match[3] ?? '') }
}

/** In systemd's words: `exited 3`, `killed TERM`. */
function sayEnd(code: string, status: string): string {
  return code === 'exited' ? `it exited with code ${status}` : `SIG${status} ended it`
}

export function sayTrialEnd(code: string, status: string, aliveMs: number): string {
  return `${sayEnd(code, status)}, ${formatDuration(Math.round(aliveMs / 100) * 100)} after its start`
}
