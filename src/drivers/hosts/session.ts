/**
 * One open connection: a running `ssh` with the session program at its other end, which answers one script at a time.
 * It knows nothing of connecting again; when the connection is gone, every request says so.
 */
import type { Readable } from 'node:stream'
import type { ScriptInput } from '../../model/host.js'
import type { OpenChild } from '../system/open-child.js'
import { frameReader } from './frame-reader.js'
import { bootstrapLines } from './session-program.js'

/** Where the bytes of an answer go. */
export interface AnswerSink {
  stdout(bytes: Buffer): void
  stderr(bytes: Buffer): void
}

export interface SessionRequest {
  readonly script: string
  readonly input?: ScriptInput
  readonly onSent?: (bytes: number) => void
  readonly sink: AnswerSink
}

/** How an answer ended: with an exit code, or with the connection, of which ssh then said why. */
export type SessionAnswer = { readonly exitCode: number } | { readonly lost: Loss }

export interface Loss {
  /** Of ssh itself; null when a signal ended it. */
  readonly exitCode: number | null
  /** The last that ssh, or the other end in its stead, had to say. */
  readonly said: string
  /** Whether the session program had begun. */
  readonly wasOpen: boolean
}

export interface Session {
  isOpen(): boolean
  /** Settles when the other end has begun to answer, or never will. */
  readonly opened: Promise<SessionAnswer>
  /** May be asked before the connection is open. */
  ask(request: SessionRequest): Promise<SessionAnswer>
  /** A line for the script that runs, such as a signal for its command. */
  tell(line: string): void
  /** Drops the connection. */
  drop(): Promise<void>
}

/** What of the other end's chatter is kept to explain a loss. */
const mostSaidBytes = 8192

/** The library is functions of /bin/sh that scripts may use; the preface is for what starts the session program. */
export function startSession(child: OpenChild, token: string, library: string, preface: string): Session {
  const queue: Waiting[] = []
  let loss: Loss | null = null
  let wasOpen = false
  let said = Buffer.alloc(0)

  const remember = (bytes: Buffer): void => {
    said = Buffer.concat([said, bytes]).subarray(-mostSaidBytes)
  }
  const settle = (stream: 'stdout' | 'stderr', exitCode: number): void => {
    const answered = queue.find(({ ended }) => !ended.has(stream))
    answered?.ended.add(stream)
    if (answered === undefined || answered.ended.size < 2) return
    queue.shift() // answers end in the order of their questions
    wasOpen = true
    said = Buffer.alloc(0)
    if (queue.length === 0) child.keep(false)
    answered.resolve({ exitCode })
  }
  const listen = (stream: 'stdout' | 'stderr', from: Readable): { rest(): Buffer } => {
    const reader = frameReader(token, {
      onBytes: (bytes) => {
        // before the first answer both streams carry what the login says, and what ssh does
        if (!wasOpen || stream === 'stderr') remember(bytes)
        // the streams are not in step: one may be at the next answer already
        queue.find(({ ended }) => !ended.has(stream))?.sink[stream](bytes)
      },
      onEnd: (exitCode) => settle(stream, exitCode),
    })
    from.on('data', (chunk: Buffer) => reader.read(chunk))
    return reader
  }
  const begin = (sink: AnswerSink): Promise<SessionAnswer> =>
    new Promise((resolve) => {
      child.keep(true)
      queue.push({ sink, ended: new Set(), resolve })
    })

  const readers = [listen('stdout', child.stdout), listen('stderr', child.stderr)]
  const opened = begin(silence)
  child.stdin.write(preface + bootstrapLines(token, library))
  const gone = child.ended.then((exitCode) => {
    for (const reader of readers) remember(reader.rest())
    loss = { exitCode, said: said.toString('utf8'), wasOpen }
    for (const { resolve } of queue.splice(0)) resolve({ lost: loss })
  })

  return {
    opened,
    isOpen: () => loss === null,
    async ask({ script, input, onSent, sink }) {
      if (loss !== null) return { lost: loss }
      const answer = begin(sink)
      child.stdin.write(`${script}\n${token}\n`)
      if (input !== undefined) await send(child, input, onSent, () => loss !== null || queue.length === 0)
      return answer
    },
    tell: (line) => void child.stdin.write(`${line}\n`),
    async drop() {
      child.kill()
      await gone
    },
  }
}

interface Waiting {
  readonly sink: AnswerSink
  readonly ended: Set<'stdout' | 'stderr'>
  readonly resolve: (answer: SessionAnswer) => void
}

const silence: AnswerSink = { stdout: () => undefined, stderr: () => undefined }

/** Sends until all is sent, or nobody waits for it any more. */
async function send(
  { stdin }: OpenChild,
  input: ScriptInput,
  onSent: ((bytes: number) => void) | undefined,
  isOver: () => boolean,
): Promise<void> {
  let sent = 0
  for await (const bytes of input.open()) {
    if (isOver()) return
    if (!stdin.write(bytes)) await drained(stdin)
    onSent?.((sent += bytes.length))
  }
}

/** Until there is room again, or the pipe is closed. */
function drained(stdin: OpenChild['stdin']): Promise<void> {
  return new Promise((resolve) => {
    if (stdin.destroyed) return resolve()
    const done = (): void => {
      stdin.off('drain', done).off('close', done)
      resolve()
    }
    stdin.on('drain', done).on('close', done)
  })
}
