/** The agent's log lines as they leave: one JSON object a line for programs, or text for people. */
import type { LogLevel, LogLine } from '../../model/agent.js'
import { showVersion } from '../../model/release.js'
import type { Terminal } from './terminal.js'

export function logPrinter(terminal: Terminal, format: string): (line: LogLine) => void {
  if (terminal.json) return (line) => terminal.record('log', line, line.time)
  if (format === 'json') return (line) => terminal.out(JSON.stringify(line))
  return (line) => terminal.out(logText(line, terminal))
}

const marks: { readonly [L in LogLevel]: string } = { info: ' ', warn: '!', error: '✗' }

function logText(line: LogLine, terminal: Terminal): string {
  const { time, level, msg } = line
  const { style } = terminal
  const about = [fieldOf(line, 'deployment'), fieldOf(line, 'service'), versionOf(line)]
    .filter(Boolean)
    .join(' ')
  const text = `${marks[level]} ${terminal.clean(msg)}`
  const painted =
    level === 'error' ? style.paint.bad(text) : level === 'warn' ? style.paint.careful(text) : text
  const moment = style.paint.faint(time.replace('T', ' ').replace(/\.\d+Z$/, 'Z'))
  return `${moment} ${painted}${about === '' ? '' : style.paint.faint(`  [${about}]`)}`
}

function fieldOf(line: LogLine, name: string): string {
  const value = line[name]
  return typeof value === 'string' ? value : ''
}

function versionOf(line: LogLine): string {
  const version = fieldOf(line, 'release')
  return version === '' ? '' : showVersion(version)
}
