/**
 * What a schema cannot say: names that must exist, keys that depend on one another, and what a strategy asks of a
 * target. Each rule takes the document as it is, valid or not, and looks only at what has the right shape, so that
 * all problems are told at once.
 */
import type { Json } from '../base/hash.js'
import { parseDuration } from '../base/duration.js'
import type { Finding } from './finding.js'
import { dependencyRules } from './dependency-rules.js'
import { nameRules } from './name-rules.js'
import { agentRules } from './agent-rules.js'
import { hookRules } from './hook-rules.js'
import { hostRules } from './host-rules.js'
import { strategyRules, type RuleContext } from './strategy-rules.js'
import { versionRules } from './version-rules.js'
import { checkDefaults } from './defaults.js'
import { childOf, entriesAt, textAt, textsAt } from './tree.js'

export function ruleFindings(tree: Json, context: RuleContext): readonly Finding[] {
  return [
    ...strategyRules(tree, context),
    ...nameRules(tree),
    ...versionRules(tree),
    ...dependencyRules(tree),
    ...placeFindings(tree, context),
    ...checkTimingFindings(tree),
    ...hookRules(tree),
    ...agentRules(tree),
    ...hostRules(tree),
  ]
}

/** Things that do no harm, but are not meant either. */
export function ruleWarnings(tree: Json): readonly Finding[] {
  const services = entriesAt(tree, 'services').map(([, service]) => service)
  const sources = new Set(services.map((service) => textAt(service, 'source')))
  const everyCheck = services.some((service) => childOf(service, 'healthChecks') === undefined)
  const checks = new Set(
    services.flatMap((service) => textsAt(service, 'healthChecks').map(([, name]) => name)),
  )
  const unused = (section: string, name: string, what: string): Finding => ({
    path: [section, name],
    at: 'key',
    message: `the ${what} "${name}" is used by no service`,
  })
  return [
    ...entriesAt(tree, 'sources').flatMap(([name]) =>
      sources.has(name) ? [] : [unused('sources', name, 'source')],
    ),
    ...entriesAt(tree, 'healthChecks').flatMap(([name]) =>
      everyCheck || checks.has(name) ? [] : [unused('healthChecks', name, 'health check')],
    ),
  ]
}

/** Two services in one place would deploy over each other. */
function placeFindings(tree: Json, context: RuleContext): readonly Finding[] {
  const owners = new Map<string, string>()
  return entriesAt(tree, 'services').flatMap(([name, service]): Finding[] => {
    const target = childOf(service, 'target')
    const path = textAt(target, 'path')
    const type = textAt(target, 'type')
    if (path === undefined || type === undefined || context.traits(type)?.effects['path'] !== 'replace')
      return []
    const place = `${type}:${canonicalPath(path)}`
    const owner = owners.get(place)
    if (owner === undefined) {
      owners.set(place, name)
      return []
    }
    const message = `the services ${owner} and ${name} have the same place: ${path}`
    return [
      { path: ['services', name, 'target', 'path'], at: 'value', message, hint: 'Give each its own path.' },
    ]
  })
}

/** `/srv//web/` and `/srv/x/../web` are one place. (Links are not followed: this is about what is written.) */
function canonicalPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    const last = parts.at(-1)
    if (part === '..' && last !== undefined && last !== '..') parts.pop()
    else if (part !== '..' || !path.startsWith('/')) parts.push(part)
  }
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}`
}

function checkTimingFindings(tree: Json): readonly Finding[] {
  return entriesAt(tree, 'healthChecks').flatMap(([name, check]) => {
    const deadline = textAt(check, 'deadline') ?? checkDefaults.deadline
    const deadlineMs = parseDuration(deadline)
    return (['timeout', 'interval'] as const).flatMap((key): Finding[] => {
      const written = textAt(check, key)
      const text = written ?? checkDefaults[key]
      const ms = parseDuration(text)
      if (ms === undefined || deadlineMs === undefined || ms <= deadlineMs) return []
      const at = ['healthChecks', name, written === undefined ? 'deadline' : key]
      const message = `healthChecks.${name}: the ${key} (${text}) is longer than the deadline (${deadline}) for all tries`
      return [{ path: at, at: 'value', message }]
    })
  })
}
