/**
 * Sending what a trip brings along, again where the connection goes in the middle: the host keeps what has arrived, and
 * only the rest is sent. Everything before the archive may be done twice, and nothing after it was begun.
 */
import { createReadStream } from 'node:fs'
import { DeployError } from '../../../../base/deploy-error.js'
import type { HostLink, ScriptInput } from '../../../../model/host.js'
import { noAnswers, readLook } from './look-answer.js'
import { Mirror } from './mirror.js'
import type { Change, Trip } from './remote-trip.js'
import { quote } from '../../../system/quote.js'

/** A file on this machine, from some byte on. */
export interface ArchiveInput extends ScriptInput {
  readonly file: string
}

export function archiveInput(file: string, bytes: number, from = 0): ArchiveInput {
  return {
    file,
    bytes: bytes - from,
    open: () => createReadStream(file, { start: from }) as AsyncIterable<Uint8Array>, // no encoding is set
  }
}

const mostTries = 4

export async function sendArchive(
  link: HostLink,
  trip: Trip,
  signal: AbortSignal,
  travel: (trip: Trip) => Promise<void>,
): Promise<void> {
  const at = trip.changes.findIndex(({ call }) => call[0] === 'd_receive')
  const sending = trip.changes[at]
  if (sending === undefined) return travel(trip)
  let from = 0
  for (let tries = 1; ; tries++) {
    try {
      const rest = from === 0 ? trip : { ...trip, changes: trip.changes.with(at, restOf(sending, from)) }
      return await travel(rest)
    } catch (error) {
      const isLost = error instanceof DeployError && error.code === 'HOST_UNREACHABLE'
      if (!isLost || tries === mostTries || signal.aborted) throw error
      const arrived = await lengthOf(link, sending.path, signal).catch(() => null)
      if (arrived === null || (tries > 1 && arrived <= from)) throw error
      from = arrived
    }
  }
}

function restOf(sending: Change, from: number): Change {
  const [name, , archive = '', total = '0'] = sending.call
  const input = sending.input
  if (input === undefined || !('file' in input) || from >= Number(total)) return sending
  const rest = archiveInput(String(input.file), Number(total), from)
  return { ...sending, call: [name, String(rest.bytes), archive, total], input: rest }
}

async function lengthOf(link: HostLink, path: string, signal: AbortSignal): Promise<number> {
  const answers = noAnswers()
  const request = {
    script: `d_length ${quote(path)}`,
    doing: `look at ${path}`,
    timeoutMs: 60_000,
    repeatable: true,
  }
  const { stdout } = await link.run(request, signal)
  readLook(stdout, new Mirror(), answers)
  return answers.lengths.get(path) ?? 0
}
