/**
 * What a child says, kept within bounds: lines for people as they come, the last of them as evidence, and the first
 * mebibyte of standard output as data. A child that never stops talking costs no more memory than one that is silent.
 */
import { StringDecoder } from 'node:string_decoder'
import { stripVTControlCharacters } from 'node:util'
import type { OutputLine } from '../../model/event.js'

const longestLine = 4096
const mostLines = 50
const mostLinesBytes = 8192
const mostStdoutBytes = 2 ** 20

export interface OutputCapture {
  write(stream: OutputLine['stream'], chunk: Buffer): void
  /** Takes what came without a line end as a last line. */
  end(): void
  lastLines(): readonly string[]
  stdout(): string
}

export function captureOutput(onLine: (line: OutputLine) => void): OutputCapture {
  const last = keepLast()
  const take = (stream: OutputLine['stream']) => (text: string) => {
    last.add(text)
    onLine({ stream, text })
  }
  const splitters = { stdout: splitLines(take('stdout')), stderr: splitLines(take('stderr')) }
  const data: Buffer[] = []
  let dataBytes = 0
  return {
    write(stream, chunk) {
      splitters[stream].write(chunk)
      if (stream !== 'stdout' || dataBytes >= mostStdoutBytes) return
      const part = chunk.subarray(0, mostStdoutBytes - dataBytes)
      data.push(part)
      dataBytes += part.length
    },
    end() {
      splitters.stdout.end()
      splitters.stderr.end()
    },
    lastLines: () => last.lines(),
    // A decoder without `end` leaves out a character that the limit cut in two.
    stdout: () => new StringDecoder('utf8').write(Buffer.concat(data)),
  }
}

interface LineSplitter {
  write(chunk: Buffer): void
  end(): void
}

/**
 * Lines as a terminal would end up showing them: a carriage return begins the line again, so of a progress bar the
 * last state counts; colours and other control characters are taken out; a long line is cut.
 */
function splitLines(onLine: (text: string) => void): LineSplitter {
  const decoder = new StringDecoder('utf8')
  let line = ''
  let isCut = false
  let isReturned = false // after "\r": a line end ends the line, anything else begins it again

  function begin(): void {
    line = ''
    isCut = false
    isReturned = false
  }
  function add(text: string): void {
    if (isReturned) begin()
    const room = longestLine * 2 - line.length // room for colours, which are taken out at the end
    line += text.slice(0, room)
    if (text.length > room) isCut = true
  }
  function finish(): void {
    const shown = showable(line)
    const isLong = isCut || shown.length > longestLine
    begin()
    onLine(isLong ? `${wholeCharacters(shown.slice(0, longestLine))}…` : shown)
  }
  function takeText(text: string): void {
    for (const part of text.split(/([\r\n])/)) {
      if (part === '\n') finish()
      else if (part === '\r') isReturned = true
      else if (part !== '') add(part)
    }
  }
  return {
    write: (chunk) => takeText(decoder.write(chunk)),
    end() {
      takeText(decoder.end())
      if (line !== '') finish()
    },
  }
}

const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

function showable(text: string): string {
  return text.search(controls) === -1 ? text : stripVTControlCharacters(text).replace(controls, '')
}

function wholeCharacters(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text
}

function keepLast(): { add(line: string): void; lines(): readonly string[] } {
  const lines: string[] = []
  let bytes = 0
  return {
    add(line) {
      lines.push(line)
      bytes += Buffer.byteLength(line)
      while (lines.length > mostLines || (bytes > mostLinesBytes && lines.length > 1)) {
        bytes -= Buffer.byteLength(lines.shift() ?? '')
      }
    },
    lines: () => [...lines],
  }
}
