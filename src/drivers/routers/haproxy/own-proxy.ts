/**
 * An HAProxy that deployctl runs for one service: started when a switch needs it, reloaded when its structure changed,
 * and left running when deployctl ends.
 *
 * A reload is a second process that takes over the listening sockets of the first (`-x`) and then asks it to finish
 * (`-sf`). Without a master process between them its failure is an exit code, and the first one serves on.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import { sha256 } from '../../../base/hash.js'
import type { Ports } from '../../../model/ports.js'
import type { OperationContext, TargetScope } from '../../../model/target.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { naming } from '../../system/file-error.js'
import { writeAtomically } from '../../system/write-atomically.js'
import type { OwnOptions } from './options.js'
import { isOurs, ownConfig, type OwnConfig } from './own-config.js'
import { hasLivingPredecessor, notePredecessor } from './predecessors.js'
import type { Proxy } from './proxy.js'
import { NotRunning, runtimeSocket, type Ask } from './runtime-socket.js'
import { runningProcess, type RunningProcess } from './running-process.js'
import type { SlotRecord } from './slot-record.js'

const startWithinMs = 30_000
const answerWithinMs = 5000
const askEveryMs = 50

export function ownProxy(options: OwnOptions, scope: TargetScope, ports: Ports): Proxy {
  const { folder, socket, backend } = options
  const path = join(folder, 'haproxy.cfg')
  const ask = runtimeSocket(socket, ports.clock)
  const called = `HAProxy at ${socket}`

  const configOf = (record: SlotRecord, certificate: string | null): OwnConfig =>
    ownConfig(options, scope, certificate, record)

  async function write(config: OwnConfig): Promise<void> {
    await ensureFolder(folder)
    await writeAtomically(path, config.text)
  }

  async function start(
    config: OwnConfig,
    older: RunningProcess | null,
    context: OperationContext,
  ): Promise<void> {
    await write(config)
    if (older !== null) await notePredecessor(folder, older.pid)
    const takeOver = older === null ? [] : ['-x', socket, '-sf', `${older.pid}`]
    const run = [options.program, '-D', '-f', path, '-p', join(folder, 'haproxy.pid'), ...takeOver]
    await launch(run, folder, ports, context)
    await untilItAnswers(ask, config.description, ports, context.signal)
  }

  return {
    ask,
    backend,
    called,
    async trouble(signal) {
      const running = await runningProcess(ask, signal)
      if (!isOurs(running.description, scope)) throw another(socket)
      const { description } = configOf({}, await certificateDigest(options.certificate))
      if (running.description === description) return null
      return 'HAProxy runs with other options or another certificate than it should: the next switch reloads it.'
    },
    async ensure(record, atStart, context) {
      const certificate = await certificateDigest(options.certificate)
      const running = await unlessDown(runningProcess(ask, context.signal))
      if (running === null) {
        await start(configOf(atStart, certificate), null, context)
        return 'started'
      }
      if (!isOurs(running.description, scope)) throw another(socket)
      const config = configOf(record, certificate)
      if (running.description !== config.description) await start(config, running, context)
      return 'was running'
    },
    async persist(record) {
      // Taking an instance out must not fail for a certificate that is missing: the next switch will say so.
      await write(configOf(record, await certificateDigest(options.certificate).catch(() => null)))
    },
    async end(context) {
      const { pid, description } = await runningProcess(ask, context.signal)
      if (!isOurs(description, scope)) throw another(socket)
      // USR1 closes what it listens on at once, and lets what is open finish.
      const request = {
        command: { shell: `kill -USR1 ${pid}` },
        directory: folder,
        timeoutMs: answerWithinMs,
      }
      await ports.shell.run(request, context.signal)
    },
    hasPredecessors: async (signal) => hasLivingPredecessor(folder, (await runningProcess(ask, signal)).pid),
  }
}

async function launch(
  run: readonly string[],
  directory: string,
  ports: Ports,
  context: OperationContext,
): Promise<void> {
  // Not everybody's PATH has the folders where systems put it.
  const env = { PATH: `${ports.env['PATH'] ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin` }
  const request = { command: { run }, directory, env, timeoutMs: startWithinMs, onStart: context.onChild }
  const result = await ports.shell.run(request, context.signal).catch((error: unknown) => {
    if (!(error instanceof DeployError) || error.code !== 'COMMAND_NOT_FOUND') throw error
    throw new DeployError('COMMAND_NOT_FOUND', `${run[0] ?? ''} is not installed.`, {
      hint: 'Install HAProxy 2.6 or later (apt-get install haproxy), or give its path in program:.',
      cause: error,
    })
  })
  if (result.exitCode === 0) return
  if (result.ended === 'cancelled') throw new DeployError('CANCELLED', 'The start of HAProxy was given up.')
  throw new DeployError(
    'COMMAND_FAILED',
    `HAProxy did not start: ${howItEnded(result.exitCode, result.ended)}.`,
    {
      details: result.lastLines,
      hint: 'Is the port of listen: taken, or below 1024 without the right to it? Is the certificate whole?',
    },
  )
}

function howItEnded(exitCode: number | null, ended: string): string {
  if (ended === 'timeout') return `it was not done within ${startWithinMs / 1000} s`
  return exitCode === null ? 'it was killed' : `it exited with ${exitCode}`
}

/** Its sockets are bound before the start returns, so this is about the process that answers, not about patience. */
async function untilItAnswers(
  ask: Ask,
  description: string,
  { clock }: Ports,
  signal: AbortSignal,
): Promise<void> {
  const deadline = clock.monotonicMs() + answerWithinMs
  for (;;) {
    const running = await unlessDown(runningProcess(ask, signal))
    if (running?.description === description) return
    if (clock.monotonicMs() >= deadline || signal.aborted) {
      throw new DeployError(
        'TIMEOUT',
        `HAProxy was started but does not answer within ${answerWithinMs / 1000} s.`,
        {
          hint: 'Its log goes to the system’s; start it by hand with the same configuration to see what it says.',
        },
      )
    }
    await clock.sleep(askEveryMs, signal)
  }
}

async function certificateDigest(path: string | null): Promise<string | null> {
  return path === null ? null : sha256(await naming('read the certificate', path, () => readFile(path)))
}

async function unlessDown<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking
  } catch (error) {
    if (error instanceof NotRunning) return null
    throw error
  }
}

function another(socket: string): DeployError {
  return new DeployError(
    'TARGET_REFUSED',
    `Another HAProxy answers at ${socket}: it is not of this service.`,
    {
      hint: 'Give this router a folder: of its own, or end the process that is there.',
    },
  )
}
