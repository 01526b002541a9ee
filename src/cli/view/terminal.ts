/**
 * The one place that knows standard output and error, whether a person looks at them, how wide they are and in which
 * colours. Everything deployctl says leaves through here, masked and without control characters of foreign origin.
 *
 * The rules: results, plans and progress go to standard output; warnings, failures and errors to standard error. With
 * `--json` everything goes to standard output, one object a line. A reader that goes away (`| head`) silences a stream
 * and changes nothing else: a deployment goes on to its end.
 */
import type { Readable, Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { loadPaint, noPaint, wantsColour, type Paint } from './paint.js'

/** What of a Node stream is needed here; process.stdout is one, and so is a test's pass-through. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export interface TerminalStreams {
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: OutputStream
  readonly errors: OutputStream
}

export interface TerminalOptions {
  /** Null without `--json`; with it, what the lines are dated with. */
  readonly json: { readonly now: () => Date } | null
  readonly colour: boolean | null
  readonly env: { readonly [name: string]: string | undefined }
  readonly version: string
}

/** How text for one of the two streams is to look. */
export interface Style {
  readonly paint: Paint
  readonly width: number
}

export interface Masks {
  mask(text: string): string
  maskAll<T>(data: T): T
}

export interface Terminal {
  readonly json: boolean
  /** Whether standard output can be redrawn: a terminal, not a dumb one, and no `--json`. */
  readonly live: boolean
  /** Whether a person can be asked. */
  readonly canAsk: boolean
  readonly rows: number
  readonly style: Style
  readonly errorStyle: Style
  readonly streams: TerminalStreams
  out(text: string): void
  err(text: string): void
  /** One JSON line, when `--json` was given; nothing otherwise. `at` is the time of the event, now unless given. */
  record(type: string, data: object, at?: string): void
  /** Text for views that draw by themselves: masked, on one line, without control characters. */
  clean(text: string): string
  /** While a view redraws the screen, whole lines from elsewhere go to it; null ends that. */
  divert(to: ((text: string) => void) | null): void
  /** From now on everything is masked so. */
  maskWith(masks: Masks): void
  /** Resolves when everything written is with the system. */
  flush(): Promise<void>
}

const defaultWidth = 80

export async function createTerminal(streams: TerminalStreams, options: TerminalOptions): Promise<Terminal> {
  const styles = {
    output: await styleFor(streams.output, options),
    errors: await styleFor(streams.errors, options),
  }
  const closed = new Set<OutputStream>()
  for (const stream of [streams.output, streams.errors]) {
    // EPIPE: the reader is gone; EIO: the terminal is. Neither is an error of the deployment.
    stream.on('error', () => closed.add(stream))
  }
  let masks: Masks = { mask: (text) => text, maskAll: (data) => data }
  let versionWritten = false
  let diverted: ((text: string) => void) | null = null

  const write = (stream: OutputStream, text: string): void => {
    if (!closed.has(stream)) stream.write(text)
  }
  const say = (stream: OutputStream, text: string, style: Style): void => {
    if (options.json !== null) return
    if (diverted !== null) return diverted(text)
    write(stream, `${visible(masks.mask(text), style.paint !== noPaint)}\n`)
  }
  const line = (type: string, data: object, at: string): void => {
    write(streams.output, `${JSON.stringify({ type, '@timestamp': at, ...masks.maskAll(data) })}\n`)
  }
  const capable = options.env['TERM'] !== 'dumb' && options.json === null
  return {
    json: options.json !== null,
    live: streams.output.isTTY === true && capable,
    get canAsk() {
      const isShown = streams.output.isTTY === true || streams.errors.isTTY === true
      return isShown && options.json === null && streams.input.isTTY === true
    },
    rows: streams.output.rows ?? 24,
    style: styles.output,
    errorStyle: styles.errors,
    streams,
    out: (text) => say(streams.output, text, styles.output),
    err: (text) => say(streams.errors, text, styles.errors),
    record(type, data, at) {
      if (options.json === null) return
      const timestamp = at ?? options.json.now().toISOString()
      if (!versionWritten) line('version', { format: 1, deployctl: options.version }, timestamp)
      versionWritten = true
      if (type !== 'version') line(type, data, timestamp)
    },
    clean: (text) => visible(masks.mask(text), false).replaceAll(/\s*\n\s*/g, ' '),
    divert: (to) => {
      diverted = to
    },
    maskWith: (next) => {
      masks = next
    },
    async flush() {
      await Promise.all([streams.output, streams.errors].map((stream) => flushed(stream, closed)))
    },
  }
}

async function styleFor(stream: OutputStream, options: TerminalOptions): Promise<Style> {
  const colour = wantsColour({ isTerminal: stream.isTTY === true, asked: options.colour, env: options.env })
  const columns = stream.columns ?? 0
  return {
    paint: colour && options.json === null ? await loadPaint() : noPaint,
    width: columns === 0 ? defaultWidth : Math.max(40, Math.min(columns, 120)),
  }
}

/** Without what could move the cursor, ring or retitle a terminal; colours stay where colours are ours. */
function visible(text: string, keepColours: boolean): string {
  if (!keepColours) return withoutControls(stripVTControlCharacters(text))
  return text
    .split(/(\u001B\[[0-9;]*m)/)
    .map((part, index) => (index % 2 === 1 ? part : withoutControls(stripVTControlCharacters(part))))
    .join('')
}

function withoutControls(text: string): string {
  return text
    .replaceAll('\t', '  ')
    .replaceAll(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '')
}

function flushed(stream: OutputStream, closed: ReadonlySet<OutputStream>): Promise<void> {
  if (closed.has(stream) || stream.destroyed) return Promise.resolve()
  return new Promise((resolve) => stream.write('', () => resolve()))
}
