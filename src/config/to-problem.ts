/** Findings as problems with lines, columns and frames, in the order of the file. */
import type { ConfigProblem } from '../model/config-problem.js'
import { codeFrame } from './code-frame.js'
import type { ParsedFile } from './document.js'
import type { Finding, TextFinding } from './finding.js'

/** A file's text with its name as the person wrote it. */
export interface NamedText {
  readonly name: string
  readonly text: string
}

export function problemsOf(
  file: NamedText,
  parsed: ParsedFile,
  findings: readonly Finding[],
  environment: string | null,
): readonly ConfigProblem[] {
  const located = findings.map((finding) => inText(file, parsed, finding, environment))
  return textProblemsOf(file, [...parsed.findings, ...located])
}

function inText(
  { text }: NamedText,
  parsed: ParsedFile,
  finding: Finding,
  environment: string | null,
): TextFinding {
  const { start, end, source } = parsed.locate(finding.path, environment, finding.at)
  const quoted =
    finding.quote === true && source !== undefined ? `Write it in quotes: "${source}".` : undefined
  const hint = quoted ?? finding.hint
  const rest = hint === undefined ? {} : { hint }
  if (finding.part !== undefined) {
    const at = text.slice(start, end).indexOf(finding.part)
    // a part that came with a variable is not in this text
    if (at >= 0)
      return { start: start + at, end: start + at + finding.part.length, message: finding.message, ...rest }
  }
  // what was found wrong is what a reference became; the reader looks for what is written
  const isReplaced = finding.at === 'value' && source?.includes('${') === true && finding.part === undefined
  const message = isReplaced ? `${finding.message} (written as ${source})` : finding.message
  return { start, end, message, ...rest }
}

function textProblemsOf(file: NamedText, findings: readonly TextFinding[]): readonly ConfigProblem[] {
  const lines = file.text.split(/\r?\n/)
  const starts = lineStartsOf(file.text)
  return [...findings]
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, message, hint, firstAt }) => {
      const line = lineAt(starts, start)
      const column = start - (starts[line - 1] ?? 0) + 1
      const first =
        firstAt === undefined
          ? undefined
          : `It is first written in line ${lineAt(starts, firstAt)}; keep one.`
      const advice = hint ?? first
      return {
        file: file.name,
        line,
        column,
        message,
        ...(advice === undefined ? {} : { hint: advice }),
        frame: codeFrame(lines, { line, column, length: end - start }),
      }
    })
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** The 1-based number of the last line that starts at or before the offset. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0
  let high = starts.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle
  }
  return low + 1
}
