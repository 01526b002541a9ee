/**
 * The door to one Docker engine: every question has a deadline, listens to the caller's signal, and comes back as data
 * or as an error in words. The client is loaded with the first question.
 */
import { setMaxListeners } from 'node:events'
import type Docker from 'dockerode'
import { DeployError, systemCodeOf } from '../../../../base/deploy-error.js'
import { formatDuration } from '../../../../base/duration.js'
import type { Ports } from '../../../../model/ports.js'
import { Setback, withRetries } from '../../../artifacts/retries.js'
import { watchOver } from '../../../artifacts/watch.js'
import { findEngine, type EngineAddress, type EngineScope, type WrittenEngine } from './address.js'
import { openFarSocket } from './far-socket.js'
import { isShuttingDown, statusOf, troubleWith } from './trouble.js'

export interface Question {
  /** For messages, after "Could not": `look at the containers of web`. */
  readonly doing: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: { readonly [name: string]: unknown }
  readonly body?: object
  /** A tar archive, in place of a body. */
  readonly archive?: Buffer
  readonly login?: { readonly [field: string]: string }
  /** Half a minute unless given. */
  readonly deadlineMs?: number
  /** For a POST: to ask it twice is to ask it once, so it is asked again when the engine went away over it. */
  readonly mayRepeat?: true
}

/** An answer that comes bit by bit. */
export interface Streaming {
  /** Without a bit for so long, the engine is taken for dead. */
  readonly stallMs: number
  readonly onBytes: (bytes: Buffer) => void
}

export interface Engine {
  address(): Promise<EngineAddress>
  /** The caller says what the answer looks like: it is the engine's documented one. */
  ask<T>(question: Question, signal: AbortSignal): Promise<T>
  /** The same; null when there is no such thing (404). */
  find<T>(question: Question, signal: AbortSignal): Promise<T | null>
  stream(question: Question, streaming: Streaming, signal: AbortSignal): Promise<void>
}

const usualDeadlineMs = 30_000
/** About a minute in all. */
const restartPolicy = { retries: 40, firstPauseMs: 200, longestPauseMs: 2000, patienceMs: 60_000 } as const
const successes = { 101: true, 200: true, 201: true, 202: true, 204: true, 304: true }

export function engineAt(written: WrittenEngine, scope: EngineScope, ports: Ports): Engine {
  let link: Promise<Link> | null = null
  /** A connection that failed is tried anew by whoever asks next. */
  const connect = async (): Promise<Link> => {
    const known = await link
    if (known?.isOpen() === false) link = null
    link ??= open(written, scope, ports).catch((error: unknown) => {
      link = null
      throw error
    })
    return link
  }
  let isKnown = false
  /** Before the first question: an engine that is too old would misunderstand what follows. */
  const meet = async (signal: AbortSignal): Promise<void> => {
    if (isKnown) return
    const question = { doing: 'ask the engine for its version', method: 'GET', path: '/version' } as const
    const { address } = await connect()
    refuseOld((await put(question, null, signal)) as { ApiVersion?: unknown }, address) // documented
    isKnown = true
  }

  /** An engine that has been met and goes away is being restarted, more often than not: it gets a minute to come back. */
  const put = (question: Question, streaming: Streaming | null, signal: AbortSignal): Promise<unknown> => {
    const attempt = async (): Promise<unknown> => {
      try {
        return await putOnce(question, streaming, signal)
      } catch (error) {
        if (!(error instanceof DeployError)) throw error
        throw new Setback(error, { again: isKnown && isWorthAnother(error, question, streaming !== null) })
      }
    }
    return withRetries(attempt, restartPolicy, ports.clock, signal)
  }

  async function putOnce(
    question: Question,
    streaming: Streaming | null,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { docker, address } = await connect()
    const deadlineMs = question.deadlineMs ?? usualDeadlineMs
    setMaxListeners(0, signal) // every question of a deployment waits on the same signal: that is no leak
    const watch = watchOver(
      { stallMs: streaming?.stallMs ?? deadlineMs, deadlineAtMs: ports.clock.monotonicMs() + deadlineMs },
      ports.clock,
      signal,
    )
    try {
      const answer = await dial(docker, question, streaming !== null, watch.signal)
      if (streaming === null) return answer
      const onBytes = (bytes: Buffer): void => {
        watch.alive(bytes.length)
        streaming.onBytes(bytes)
      }
      await readAll(answer, onBytes, watch.signal)
      return null
    } catch (error) {
      const ended = watch.endedBy()
      if (ended === null) throw troubleWith(error, question.doing, address)
      if (ended === 'cancelled')
        throw new DeployError('CANCELLED', `Told to stop: did not ${question.doing}.`)
      const says = `Could not ${question.doing}: the engine at ${address.where} did not answer in ${formatDuration(deadlineMs)}.`
      const hint =
        'It may be overloaded or hang; its own log says more. Nothing is known of what it did with the question.'
      throw new DeployError('TIMEOUT', says, { hint, cause: error })
    } finally {
      watch.end()
    }
  }

  return {
    address: async () => (await connect()).address,
    ask: async <T>(question: Question, signal: AbortSignal) => {
      await meet(signal)
      return (await put(question, null, signal)) as T // see the contract
    },
    find: async <T>(question: Question, signal: AbortSignal) => {
      await meet(signal)
      try {
        return (await put(question, null, signal)) as T // see the contract
      } catch (error) {
        if (statusOf(error) === 404) return null
        throw error
      }
    },
    stream: async (question, streaming, signal) => {
      await meet(signal)
      await put(question, streaming, signal)
    },
  }
}

/** Nothing reached it, or it went away over a question that may be repeated. */
function isWorthAnother({ cause }: DeployError, question: Question, isStream: boolean): boolean {
  const code = systemCodeOf(cause) ?? ''
  if (['ECONNREFUSED', 'ENOENT'].includes(code)) return true
  const mayRepeat = question.method !== 'POST' || question.mayRepeat === true
  const wentAway = ['ECONNRESET', 'EPIPE'].includes(code) || isShuttingDown(cause)
  return wentAway && mayRepeat && !isStream
}

interface Link {
  /** False when what leads there has gone. */
  readonly isOpen: () => boolean
  readonly docker: Docker
  readonly address: EngineAddress
}

/** That of Docker 20.10 and of Podman 4. */
const oldestApi = [1, 41] as const

function refuseOld(version: { readonly ApiVersion?: unknown }, address: EngineAddress): void {
  const api = typeof version.ApiVersion === 'string' ? version.ApiVersion : ''
  const [major = 0, minor = 0] = api.split('.').map(Number)
  if (major > oldestApi[0] || (major === oldestApi[0] && minor >= oldestApi[1])) return
  const says = `What answers at ${address.where} speaks ${api === '' ? 'no Docker API' : `version ${api} of Docker’s API`}; ${oldestApi.join('.')} or later is needed.`
  throw new DeployError('HOST_UNFIT', says, { hint: 'Docker 20.10 and Podman 4 are the first that do.' })
}

async function open(written: WrittenEngine, scope: EngineScope, ports: Ports): Promise<Link> {
  const address = await findEngine(written, scope, ports)
  const { default: Client } = await import('dockerode')
  const isOpen = (): boolean => true
  if (address.kind === 'socket') return { docker: new Client({ socketPath: address.path }), address, isOpen }
  if (address.kind === 'ssh') {
    const far = await openFarSocket(address.link, address.path, ports.clock)
    return { docker: new Client({ socketPath: far.path }), address, isOpen: () => far.isOpen() }
  }
  const { host, port, tls } = address
  const secure = tls === null ? { protocol: 'http' as const } : { protocol: 'https' as const, ...tls }
  return { docker: new Client({ host, port, ...secure }), address, isOpen }
}

interface Modem {
  dial(options: object, done: (error: unknown, answer: unknown) => void): void
}

function dial(
  docker: Docker,
  question: Question,
  isStream: boolean,
  abortSignal: AbortSignal,
): Promise<unknown> {
  const { method, path, query = {}, body, archive, login } = question
  const modem = docker.modem as Modem // its own types leave out that it takes a signal
  return new Promise((resolve, reject) => {
    const options = {
      path: `${path}?`,
      method,
      options: { _query: query, _body: body ?? {} },
      statusCodes: successes,
      isStream,
      abortSignal,
      ...(archive === undefined ? {} : { file: archive }),
      ...(login === undefined ? {} : { authconfig: login }),
    }
    modem.dial(options, (error, answer) => {
      if (error == null) resolve(answer)
      else reject(error instanceof Error ? error : new Error('it failed without a word'))
    })
  })
}

async function readAll(
  answer: unknown,
  onBytes: (bytes: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  const stream = answer as NodeJS.ReadableStream & { destroy: (error?: Error) => void } // isStream makes it one
  const stop = (): void => stream.destroy(new Error('given up'))
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (signal.aborted) stop()
    for await (const bytes of stream) onBytes(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes))
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
