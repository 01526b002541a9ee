/** What was approved of that which the agent found, and when it is deployed. */
import type { ApprovedChange } from '../../app/requests.js'
import { showVersion } from '../../model/release.js'
import { nextLines } from './next-lines.js'
import { ago } from './relative-time.js'
import type { Style } from './terminal.js'
import { paragraph } from './text-width.js'

export function approvedText(
  changes: readonly ApprovedChange[],
  isHere: boolean,
  style: Style,
  now: Date,
  flags: string,
): string {
  const lines = changes.map(({ service, version, by, at, isFirst }) => {
    const what = version === null ? `That ${service} is taken away` : `${service} ${showVersion(version)}`
    const text = isFirst ? `${what} is approved.` : `${what} was approved by ${by} already, ${ago(at, now)}.`
    return style.paint.good(paragraph(`✓ ${text}`, style.width, 0, 2))
  })
  const when = isHere
    ? 'The agent looks now, and deploys in its windows.'
    : 'No agent runs here: one that shares the state deploys it when it looks next.'
  return [
    ...lines,
    paragraph(when, style.width, 0, 2),
    '',
    nextLines([[`deployctl status${flags}`, 'how far it is']], style),
  ].join('\n')
}
