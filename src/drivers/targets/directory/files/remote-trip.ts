/**
 * One round trip to a host: changes in their order, then looks. It makes the script, reads the answer, and finds words
 * for the change that failed.
 */
import { DeployError } from '../../../../base/deploy-error.js'
import type { HostLink, ScriptInput } from '../../../../model/host.js'
import { quote } from '../../../system/quote.js'
import { failedExit } from './host-library.js'
import type { Answers } from './look-answer.js'
import { readLook } from './look-answer.js'
import type { Mirror } from './mirror.js'
import { onOtherDisk } from './other-disk.js'

/** A call of a function of host-library.ts. */
export type Call = readonly [name: string, ...parameters: string[]]

export interface Change {
  readonly call: Call
  /** In the infinitive, for messages: `write`. */
  readonly doing: string
  readonly path: string
  /** Its failure is nobody's business. */
  readonly isTolerant?: boolean
  /** Read by the call. */
  readonly input?: ScriptInput
  /** What the host fetches by it. */
  readonly fetchedBytes?: number
}

export interface Trip {
  readonly changes: readonly Change[]
  readonly looks: readonly Call[]
  /** A file that has to be there, or nothing is changed: the claim under which this is done. */
  readonly claim: string | null
  readonly doing: string
  readonly onSent?: (bytes: number) => void
}

const tripTimeoutMs = 5 * 60_000
/** A line slower than this is as good as cut. */
const slowestBytesPerMs = 16

export async function travel(
  link: HostLink,
  trip: Trip,
  mirror: Mirror,
  answers: Answers,
  signal: AbortSignal,
): Promise<void> {
  const inputs = trip.changes.flatMap(({ input }) => input ?? [])
  const bytes = inputs.reduce((sum, input) => sum + input.bytes, 0)
  const fetched = trip.changes.reduce((sum, { fetchedBytes = 0 }) => sum + fetchedBytes, 0)
  const result = await link.run(
    {
      script: scriptOf(trip),
      doing: trip.doing,
      timeoutMs: tripTimeoutMs + (bytes + fetched) / slowestBytesPerMs,
      repeatable: trip.changes.length === 0,
      ...(inputs.length === 0 ? {} : { input: joined(inputs, bytes) }),
      ...(trip.onSent === undefined ? {} : { onSent: trip.onSent }),
    },
    signal,
  )
  if (result.exitCode === 0) {
    readLook(result.stdout, mirror, answers)
    return
  }
  const failed = result.exitCode === failedExit ? readLook(result.stdout, mirror, answers) : null
  throw failure(link.host.name, failed === null ? undefined : trip.changes[failed], trip, result.stderr)
}

function scriptOf({ changes, looks, claim }: Trip): string {
  const lines = [
    ...(claim !== null && changes.length > 0 ? [`d_held ${quote(claim)} || d_fail -1`] : []),
    ...changes.map(
      ({ call, isTolerant }, at) => `${textOf(call)} || ${isTolerant === true ? ':' : `d_fail ${at}`}`,
    ),
    ...looks.map(textOf),
    ':', // looks answer for themselves
  ]
  return lines.join('\n')
}

function textOf(call: Call): string {
  return call.map((word) => (word === '' ? "''" : quote(word))).join(' ')
}

function joined(inputs: readonly ScriptInput[], bytes: number): ScriptInput {
  return {
    bytes,
    async *open() {
      for (const input of inputs) yield* input.open()
    },
  }
}

/** What tools say, and what it means; `strerror` of the C locale is the same everywhere. */
const meanings = [
  {
    pattern: /No space left on device|disk full/i,
    code: 'DISK_FULL',
    because: 'no space is left on the disk',
    hint: 'Free some space there and run it again.',
  },
  {
    pattern: /quota exceeded/i,
    code: 'DISK_FULL',
    because: "the user's disk quota is used up",
    hint: 'Free some space there and run it again.',
  },
  {
    pattern: /Read-only file system/i,
    code: 'PERMISSION_DENIED',
    because: 'the file system is read-only',
    hint: 'Mount it for writing, or choose another path.',
  },
  {
    pattern: /Permission denied|Operation not permitted/i,
    code: 'PERMISSION_DENIED',
    because: 'permission denied',
    hint: 'Check who owns it and its mode, or deploy as the user it belongs to.',
  },
  {
    pattern: /: not found|command not found|unrecognized option|invalid option/i,
    code: 'HOST_UNFIT',
    because: 'a tool that is needed for it is missing there, or too old',
    hint: 'It needs sh, tar, gzip, find, stat, sha256sum and mv -T, as BusyBox has them.',
  },
] as const

/** How tools and shells say that a folder on the way is not there. */
const absence = /No such file or directory|directory nonexistent|nonexistent directory/i

function failure(host: string, change: Change | undefined, trip: Trip, said: readonly string[]): DeployError {
  const text = said.join('\n')
  if (text.includes('claim-lost')) {
    return new DeployError(
      'LOCK_LOST',
      `On ${host}, the claim of this deployment is gone (${trip.claim ?? ''}).`,
      {
        hint: 'Somebody removed it or took it over. Nothing more was changed there; look with deployctl status.',
      },
    )
  }
  if (change === undefined) {
    return new DeployError('IO_FAILED', `On ${host}, it was not possible to ${trip.doing}.`, {
      details: said,
    })
  }
  if (text.includes('other-disk')) return onOtherDisk(change.path)
  const meaning = meanings.find(({ pattern }) => pattern.test(text))
  const because = meaning?.because ?? said.at(-1) ?? 'its tool did not say why'
  return new DeployError(
    meaning?.code ?? 'IO_FAILED',
    `On ${host}, cannot ${change.doing} ${change.path}: ${because}.`,
    {
      details: said,
      ...(meaning === undefined ? {} : { hint: meaning.hint }),
      ...(absence.test(text) ? { cause: Object.assign(new Error(text), { code: 'ENOENT' }) } : {}),
    },
  )
}
