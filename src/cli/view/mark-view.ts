/** What became of a word to a running deployment, in a sentence or two. */
import { exitCodes, type ExitCode } from '../../base/deploy-error.js'
import type { MarkAnswer } from '../../app/requests.js'
import { nextLines } from './next-lines.js'
import { ago } from './relative-time.js'
import type { Style } from './terminal.js'
import { paragraph } from './text-width.js'

interface Said {
  /** What the deployment does now: `goes on`. */
  readonly done: string
  /** What was said: `approved`. */
  readonly word: string
}

export function markText(
  { deployment, mark, isFirst, heard }: MarkAnswer,
  { done, word }: Said,
  style: Style,
  now: Date,
  flags: string,
): string {
  const before = `it was ${word} by ${mark.by} already, ${ago(mark.at, now)}`
  const endings: { readonly [H in MarkAnswer['heard']]: string } = {
    heard: isFirst ? `deployment ${deployment} ${done}` : `deployment ${deployment} ${done}: ${before}`,
    'not yet': isFirst
      ? `it is ${word}; deployment ${deployment} has not said yet that it heard`
      : `${before}; deployment ${deployment} has not said yet that it heard`,
    ended: `deployment ${deployment} came to its end before it could hear`,
  }
  const text = endings[heard]
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
  const line = heard === 'heard' ? style.paint.good(`✓ ${sentence}`) : style.paint.careful(`! ${sentence}`)
  return [
    paragraph(line, style.width, 0, 2),
    nextLines([[`deployctl show ${deployment}${flags}`, 'how far it is, or how it ended']], style),
  ].join('\n\n')
}

/** What came too late has done nothing. */
export function exitCodeOfMark({ heard }: MarkAnswer): ExitCode {
  return heard === 'ended' ? exitCodes.error : exitCodes.done
}
