/** The keeper that is a holder: talking to it, and starting it where something is to run and nobody holds the sockets yet. */
import { readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import { formatDuration } from '../../../base/duration.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { onAbort } from '../../system/on-abort.js'
import { isAlive } from '../../system/process-identity.js'
import { socketPathIn } from '../../system/socket-path.js'
import { startDetached } from '../../system/start-detached.js'
import type { Ports } from '../../../model/ports.js'
import { aliveOnes } from './holder/left-overs.js'
import { readHolderFile } from './holder/holder-file.js'
import { protocolVersion, type Ask, type HolderStatus, type Reply } from './holder/protocol.js'
import type { Keeper, Sight } from './keeper.js'
import type { ProcessOptions } from './options.js'
import { refuseMissingTools } from './refusals.js'

/** The word by which main.ts knows that it is to be a holder; not for people. */
const holdWord = '__hold'

const statusWithinMs = 10_000
const startWithinMs = 20_000
const startLookEveryMs = 25

interface Place {
  readonly service: string
  readonly options: ProcessOptions
  readonly ports: Ports
  /** Of the process that holds the sockets; private to this user. */
  readonly holderFolder: string
}

export function holderKeeper(place: Place): Keeper {
  return {
    refuseUnfit: (signal) => refuseMissingTools(place.options, place.ports, signal),
    look: (signal) => lookAtHolder(place, signal),
    ask: (ask, withinMs, signal) => askHolder(place, ask, withinMs, signal),
    askIfThere: (ask, withinMs, signal) => askIfThere(place, ask, withinMs, signal),
  }
}

async function lookAtHolder(place: Place, signal: AbortSignal): Promise<Sight> {
  const reply = await exchange(place, { ask: 'status' }, statusWithinMs, signal)
  if (reply !== null) return { kind: 'there', status: statusIn(reply) }
  const file = await readHolderFile(place.holderFolder)
  if (file === null) return { kind: 'none' }
  return { kind: 'dead', left: await aliveOnes(file.workers) }
}

/** Does it with a holder that is there, or was; nothing where there is nothing to ask. */
async function askIfThere(place: Place, ask: Ask, withinMs: number, signal: AbortSignal): Promise<void> {
  const reply = await exchange(place, ask, withinMs, signal)
  if (reply !== null) statusIn(reply)
  else if ((await readHolderFile(place.holderFolder)) !== null) await askHolder(place, ask, withinMs, signal)
}

async function askHolder(place: Place, ask: Ask, withinMs: number, signal: AbortSignal): Promise<void> {
  const first = await exchange(place, ask, withinMs, signal)
  if (first !== null) return void statusIn(first)
  await startHolder(place, signal)
  const reply = await exchange(place, ask, withinMs, signal)
  if (reply === null) throw silent(place, 'is gone again')
  statusIn(reply)
}

async function startHolder(place: Place, signal: AbortSignal): Promise<void> {
  const { holderFolder, ports } = place
  await refuseHidden(place)
  await ensureFolder(holderFolder)
  const { socket, socketFolder } = socketPathIn(holderFolder, 'control.sock')
  if (socketFolder !== holderFolder) await ensureFolder(socketFolder)
  await rm(socket, { force: true })
  const log = join(holderFolder, 'holder.log')
  await startDetached([...ports.program, holdWord, holderFolder], log)
  const endMs = ports.clock.monotonicMs() + startWithinMs
  while ((await exchange(place, { ask: 'status' }, statusWithinMs, signal)) === null) {
    signal.throwIfAborted()
    if (ports.clock.monotonicMs() > endMs) {
      const said = await readFile(log, 'utf8').catch(() => '')
      throw silent(place, 'did not start', said.trim().split('\n').slice(-10))
    }
    await ports.clock.sleep(startLookEveryMs, signal)
  }
}

/** One that lives but cannot be reached from here, such as one with another folder for temporary files. */
async function refuseHidden(place: Place): Promise<void> {
  const file = await readHolderFile(place.holderFolder)
  if (file === null || !(await isAlive(file.pid, file.startedAt))) return
  throw silent(place, `runs as process ${file.pid}, but cannot be reached`)
}

function silent(place: Place, what: string, details: readonly string[] = []): DeployError {
  return new DeployError(
    'TARGET_REFUSED',
    `The process that holds the sockets of ${place.service} ${what}.`,
    {
      details,
      hint: `Its folder is ${place.holderFolder}.`,
    },
  )
}

function statusIn(reply: Reply): HolderStatus {
  if (!reply.ok) {
    throw new DeployError(
      'TARGET_REFUSED',
      reply.message,
      reply.hint === undefined ? {} : { hint: reply.hint },
    )
  }
  if (reply.status.protocol === protocolVersion) return reply.status
  throw new DeployError(
    'TARGET_REFUSED',
    `The process that holds the sockets was started by another deployctl, and is not understood.`,
    { hint: `End it (kill ${reply.status.pid}), and deploy once more.` },
  )
}

/** Null when nobody listens. */
function exchange(place: Place, ask: Ask, withinMs: number, signal: AbortSignal): Promise<Reply | null> {
  const { clock } = place.ports
  return new Promise((resolve, reject) => {
    const line = connect(socketPathIn(place.holderFolder, 'control.sock').socket)
    const over = new AbortController()
    let text = ''
    const forget = onAbort(signal, () => line.destroy())
    line.setEncoding('utf8')
    line.once('connect', () => line.write(`${JSON.stringify(ask)}\n`))
    line.on('data', (chunk: string) => (text += chunk))
    line.once('error', (error) => {
      const code = systemCodeOf(error)
      if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(null)
      else reject(new DeployError('IO_FAILED', `the holder of the sockets cannot be asked: ${error.message}`))
    })
    line.once('close', () => {
      over.abort()
      forget()
      if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('cancelled'))
      else if (text.endsWith('\n'))
        resolve(JSON.parse(text) as Reply) // a holder's own words
      else reject(silent(place, `did not answer within ${formatDuration(withinMs)}`))
    })
    void clock.sleep(withinMs, over.signal).then(() => line.destroy())
  })
}
