/** A notification as a Slack message in Block Kit, within Slack's limits. Pure. */
import type { ErrorReport } from '../../base/deploy-error.js'
import type { Notification } from '../../model/notifier.js'
import type { NotificationEvent } from '../../model/config.js'
import { formatDuration } from '../../base/duration.js'
import { showVersion } from '../../model/release.js'
import { summaryOf } from './summary.js'

/** Slack refuses a whole message for one text that is too long. The numbers are characters, or items. */
export const slackLimits = {
  headerText: 150,
  sectionText: 3000,
  fieldText: 2000,
  fieldsOfSection: 10,
  blocks: 50,
} as const
/** More services than this are counted, not shown: nobody reads on. */
const shownServices = 40
const fence = '```'

interface SlackText {
  readonly type: 'plain_text' | 'mrkdwn'
  readonly text: string
  readonly emoji?: true
}
export type SlackBlock =
  | { readonly type: 'header'; readonly text: SlackText }
  | { readonly type: 'section'; readonly text: SlackText }
  | { readonly type: 'section'; readonly fields: readonly SlackText[] }
  | { readonly type: 'context'; readonly elements: readonly SlackText[] }
export interface SlackMessage {
  /** For notifications on a phone, and where blocks are not shown. */
  readonly text: string
  readonly blocks: readonly SlackBlock[]
}

const signs: { readonly [event in NotificationEvent]: string } = {
  started: '🚀',
  downloaded: '📦',
  switched: '🔀',
  waiting: '✍️',
  succeeded: '✅',
  failed: '❌',
  rolledBack: '⏪',
  stuck: '🚨',
  available: '📬',
  held: '✋',
  drift: '🧭',
  recovered: '🔌',
}

export function slackMessage(notification: Notification): SlackMessage {
  const headline = `${signs[notification.event]} ${summaryOf(notification)}`
  const { failure, note } = notification
  return {
    text: escaped(headline, slackLimits.sectionText),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: cut(headline, slackLimits.headerText), emoji: true },
      },
      ...serviceBlocks(notification.services),
      ...(note === undefined ? [] : [noteBlock(note)]),
      ...(failure === null ? [] : failureBlocks(failure)),
      { type: 'context', elements: [markdown(escaped(contextOf(notification), slackLimits.sectionText))] },
    ],
  }
}

type NotifiedService = Notification['services'][number]

function serviceBlocks(services: readonly NotifiedService[]): readonly SlackBlock[] {
  const fields = services.slice(0, shownServices).map(serviceField)
  const blocks: SlackBlock[] = []
  for (let from = 0; from < fields.length; from += slackLimits.fieldsOfSection) {
    blocks.push({ type: 'section', fields: fields.slice(from, from + slackLimits.fieldsOfSection) })
  }
  const left = services.length - fields.length
  if (left > 0) blocks.push({ type: 'section', text: markdown(`… and ${left} more`) })
  return blocks
}

function serviceField({ service, before, after, outcome }: NotifiedService): SlackText {
  const name = `*${escaped(service, 200)}*`
  const ended = outcome === 'unwound' ? ' (undone)' : outcome === 'stuck' ? ' (stuck)' : ''
  const versions = `${shown(before, 'nothing')} → ${shown(after, 'removed')}${ended}`
  return markdown(`${name}\n${escaped(versions, 1000)}`)
}

function shown(version: string | null, absent: string): string {
  return version === null ? absent : cut(showVersion(version), 200)
}

function noteBlock(note: string): SlackBlock {
  return { type: 'section', text: markdown(escaped(note, slackLimits.sectionText)) }
}

function failureBlocks(failure: ErrorReport): readonly SlackBlock[] {
  const reason = [failure.message, ...(failure.hint === undefined ? [] : [failure.hint])].join('\n')
  const blocks: SlackBlock[] = [{ type: 'section', text: markdown(escaped(reason, slackLimits.sectionText)) }]
  const lines = lastLines(failure.details ?? [], slackLimits.sectionText - 2 * fence.length - 2)
  if (lines !== '') blocks.push({ type: 'section', text: markdown(`${fence}\n${lines}\n${fence}`) })
  return blocks
}

/** As many of the last lines as there is room for: the end of an output is where the reason is. */
function lastLines(details: readonly string[], limit: number): string {
  const kept: string[] = []
  let room = limit
  for (const line of details.toReversed()) {
    // Three backquotes would end the block.
    const text = escaped(line.replaceAll(fence, "'''"), limit)
    if (text.length + 1 > room) break
    kept.unshift(text)
    room -= text.length + 1
  }
  return kept.join('\n')
}

function contextOf({ by, host, deployment, durationMs }: Notification): string {
  const took = durationMs === null ? [] : [`took ${formatDuration(durationMs)}`]
  const which = deployment === null ? [] : [`deployment ${deployment}`]
  return [`by ${by} on ${host}`, ...which, ...took].join(' · ')
}

function markdown(text: string): SlackText {
  return { type: 'mrkdwn', text }
}

const entities: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** With Slack's three escapes, cut so that the escaped text has at most `limit` characters and no half entity. */
export function escaped(text: string, limit: number): string {
  return assemble(text, limit, (character) => entities[character] ?? character)
}

/** Cut to `limit` characters without halving one. */
function cut(text: string, limit: number): string {
  return assemble(text, limit, (character) => character)
}

function assemble(text: string, limit: number, write: (character: string) => string): string {
  let whole = ''
  let withRoomForMark = ''
  for (const character of text) {
    whole += write(character)
    if (whole.length < limit) withRoomForMark = whole
    if (whole.length > limit) return `${withRoomForMark}…`
  }
  return whole
}
