/** What the schema cannot say of `agent:`: sources that must exist, time zones that must be known, waits that are too short. */
import type { Json } from '../base/hash.js'
import { parseDuration } from '../base/duration.js'
import { didYouMean } from '../base/nearest.js'
import type { Finding } from './finding.js'
import { childOf, entriesAt, isList, textAt } from './tree.js'

/** Whoever asks more often than this is a load, not a reader. */
const shortestIntervalMs = 1000

export function agentRules(tree: Json): readonly Finding[] {
  const agent = childOf(tree, 'agent')
  const own = textAt(agent, 'interval')
  return [
    ...(own === undefined ? [] : intervalFindings(['agent', 'interval'], own)),
    ...entriesAt(agent, 'intervals').flatMap(([source, interval]) => [
      ...sourceFindings(tree, source),
      ...(typeof interval === 'string' ? intervalFindings(['agent', 'intervals', source], interval) : []),
    ]),
    ...windowFindings(childOf(agent, 'windows')),
    ...expiryFindings(textAt(childOf(agent, 'waves'), 'expiry')),
  ]
}

function sourceFindings(tree: Json, source: string): readonly Finding[] {
  const known = entriesAt(tree, 'sources').map(([name]) => name)
  if (known.includes(source) || source.startsWith('x-')) return []
  const hint = didYouMean(source, known).trim() || `Declared: ${known.join(', ') || 'none'}.`
  return [
    { path: ['agent', 'intervals', source], at: 'key', message: `there is no source "${source}"`, hint },
  ]
}

function intervalFindings(path: readonly string[], text: string): readonly Finding[] {
  const ms = parseDuration(text)
  if (ms === undefined || ms >= shortestIntervalMs) return []
  return [{ path, at: 'value', message: `${path.join('.')}: an interval is at least 1s`, hint: 'Write 10s.' }]
}

/** Signs of life come eight times within it, over a network. */
const shortestExpiryMs = 4000

function expiryFindings(text: string | undefined): readonly Finding[] {
  const ms = text === undefined ? undefined : parseDuration(text)
  if (ms === undefined || ms >= shortestExpiryMs) return []
  const message = 'agent.waves.expiry: a host is not taken for dead in less than 4s'
  return [{ path: ['agent', 'waves', 'expiry'], at: 'value', message, hint: 'Write 1m.' }]
}

function windowFindings(windows: Json | undefined): readonly Finding[] {
  if (!isList(windows)) return []
  return windows.flatMap((window, index): readonly Finding[] => {
    const path = ['agent', 'windows', String(index)]
    const zone = textAt(window, 'timeZone')
    const [from, to] = [textAt(window, 'from') ?? '00:00', textAt(window, 'to') ?? '24:00']
    const unknown: Finding = {
      path: [...path, 'timeZone'],
      at: 'value',
      message: `there is no time zone "${zone ?? ''}"`,
      hint: 'Write one of the tz database, such as Europe/Berlin, or UTC.',
    }
    const empty: Finding = {
      path,
      at: 'value',
      message: `the window from ${from} to ${to} is empty`,
      hint: 'A whole day is from 00:00 to 24:00.',
    }
    return [...(zone === undefined || isTimeZone(zone) ? [] : [unknown]), ...(from === to ? [empty] : [])]
  })
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
