/** Errors as text: what failed, the evidence below it, and what to do next. Never a stack, unless it was asked for. */
import { DeployError, reportOf, type ErrorReport } from '../../base/deploy-error.js'
import type { ConfigProblem } from '../../model/config-problem.js'
import type { Style } from './terminal.js'
import { paragraph, wrap } from './text-width.js'

export function errorText(error: unknown, style: Style, debug: boolean): string {
  if (error instanceof DeployError && error.code !== 'BUG') return reportText(reportOf(error), style)
  const message = error instanceof Error ? error.message : String(error)
  const stack = debug && error instanceof Error ? (error.stack ?? '') : ''
  return [
    headline(`this is a bug in deployctl: ${message}`, style),
    ...(stack === '' ? [] : [paragraph(stack, style.width, 4)]),
    hintLine(
      debug ? 'please report it with the lines above' : 'DEPLOYCTL_DEBUG=1 shows where; please report it',
      style,
    ),
  ].join('\n')
}

export function reportText(report: ErrorReport, style: Style): string {
  return [headline(report.message, style), ...evidenceLines(report, style, 4)].join('\n')
}

/** `✗ message`, standing out. */
export function headline(message: string, style: Style): string {
  return style.paint.bad(style.paint.strong(paragraph(`✗ ${message}`, style.width, 0, 2)))
}

/**
 * Details and hint, indented. Details keep their lines; what is too wide is wrapped, but for a code frame, whose caret
 * would then stand under nothing. Whoever makes them bounds them.
 */
export function evidenceLines(report: ErrorReport, style: Style, indent: number): readonly string[] {
  const details = (report.details ?? []).filter((line, _, all) => all.length > 1 || !isSaid(line, report))
  const blanks = ' '.repeat(indent)
  return [
    ...details
      .flatMap((line) => (isOfFrame(line) ? [line] : wrap(line, style.width - indent)))
      .map((part) => blanks + part),
    ...(report.hint === undefined ? [] : [hintLine(report.hint, style, indent - 2)]),
  ]
}

/** As src/config/code-frame.ts writes them. */
function isOfFrame(line: string): boolean {
  return /^ *>? *\d* \| /.test(line)
}

/** A single line of evidence that the message already quotes. */
function isSaid(line: string, { message }: ErrorReport): boolean {
  return line.trim() !== '' && message.includes(line.trim())
}

function hintLine(hint: string, style: Style, indent = 2): string {
  return style.paint.link(paragraph(hint, style.width, indent))
}

/** Every problem of deploy.yaml with its place and its lines, and how many there are. */
export function problemsText(problems: readonly ConfigProblem[], style: Style): string {
  return problems.map((problem) => problemText(problem, style)).join('\n\n')
}

function problemText({ file, line, column, message, hint, frame }: ConfigProblem, style: Style): string {
  const place = `${file}:${line}:${column}`
  const text = paragraph(`${place} ${message}`, style.width, 0, 2)
  return [
    style.paint.link(place) + style.paint.strong(text.slice(place.length)),
    ...frame.map((shown) => style.paint.faint(`    ${shown}`)),
    ...(hint === undefined ? [] : [hintLine(hint, style)]),
  ].join('\n')
}

export function problemCount(problems: readonly unknown[]): string {
  return `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`
}
