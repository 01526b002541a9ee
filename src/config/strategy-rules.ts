/** What a strategy asks of a target and of its own options, beyond what a schema can say. */
import type { Json } from '../base/hash.js'
import { parseDuration } from '../base/duration.js'
import type { Verb } from '../model/operation.js'
import type { TargetTraits } from '../model/target.js'
import { defaultStrategy } from './defaults.js'
import type { Finding } from './finding.js'
import { childOf, entriesAt, isList, textAt } from './tree.js'

/** What is known of drivers and strategies without loading them. */
export interface RuleContext {
  readonly traits: (targetType: string) => TargetTraits | undefined
  readonly strategy: (strategyType: string) => StrategyNeeds | undefined
}

export interface StrategyNeeds {
  /** The verbs a target must have for it. */
  readonly verbs: readonly Verb[]
  /** Whether it gives instances unequal parts of the traffic. */
  readonly weights: boolean
}

/** Those that are about how hosts follow one another, whatever their target does on each. */
const hostOptions: ReadonlySet<string> = new Set(['batch', 'wait', 'canary', 'maxFailures', 'unreachable'])

export function strategyRules(tree: Json, context: RuleContext): readonly Finding[] {
  return [
    ...entriesAt(tree, 'services').flatMap(([name, service]) => fitFindings(tree, name, service, context)),
    ...optionFindings(childOf(tree, 'strategy'), ['strategy']),
    ...entriesAt(tree, 'services').flatMap(([name, service]) =>
      optionFindings(childOf(service, 'strategy'), ['services', name, 'strategy']),
    ),
  ]
}

/** Whether a service's strategy and its target go together. */
function fitFindings(tree: Json, name: string, service: Json, context: RuleContext): readonly Finding[] {
  const target = childOf(service, 'target')
  const targetType = textAt(target, 'type')
  const own = childOf(service, 'strategy')
  const strategy = own ?? childOf(tree, 'strategy')
  const strategyType = textAt(strategy, 'type') ?? defaultStrategy.type
  const traits = targetType === undefined ? undefined : context.traits(targetType)
  const needs = context.strategy(strategyType)
  if (traits === undefined || needs === undefined) return []
  const path =
    own === undefined ? ['services', name, 'target', 'type'] : ['services', name, 'strategy', 'type']
  const say = (problem: string, hint: string): readonly Finding[] => [
    { path, at: 'value', message: `services.${name}: the strategy ${strategyType} ${problem}`, hint },
  ]
  const missing = needs.verbs.filter((verb) => !traits.verbs.includes(verb))
  if (missing.length > 0) {
    const what = `needs to ${missing.join(' and ')}, which the target ${traits.type} cannot`
    return say(what, 'Choose another strategy for this service.')
  }
  const { exclusive, weighing } = traits
  if (exclusive !== undefined && strategyType !== 'recreate' && childOf(target, exclusive) !== undefined) {
    const what = `runs old and new instances side by side, and with target.${exclusive} only one can run`
    return say(what, `Choose the strategy recreate, or a router instead of ${exclusive}.`)
  }
  if (needs.weights && weighing === undefined) {
    return say(
      `divides the traffic, which the target ${traits.type} cannot`,
      'Choose another strategy for this service.',
    )
  }
  if (needs.weights && weighing !== undefined) {
    const { option, kinds } = weighing
    const kind = textAt(childOf(target, option), 'type')
    if (childOf(target, option) === undefined)
      return say(`divides the traffic, which needs target.${option}`, `Add target.${option}.`)
    if (kind !== undefined && !kinds.includes(kind)) {
      const what = `divides the traffic, which a ${option} of type ${kind} cannot`
      return say(what, `Choose another strategy, or a ${option} of type ${kinds.join(' or ')}.`)
    }
  }
  if (traits.keepsWarm === false && childOf(strategy, 'keepWarm') !== undefined) {
    const what = `has no option keepWarm on the target ${traits.type}, whose old instances end when they lose their sockets`
    return say(what, 'Take keepWarm out: going back starts the old release again.')
  }
  const options = entriesOf(own).filter(([key]) => key !== 'type' && !hostOptions.has(key))
  const [first] = options
  if (!traits.verbs.includes('start') && first !== undefined) {
    const what = `has no option ${first[0]} on the target ${traits.type}, which starts no instances`
    return say(what, `Take ${options.map(([key]) => key).join(', ')} out.`)
  }
  return []
}

function optionFindings(strategy: Json | undefined, path: readonly string[]): readonly Finding[] {
  if (strategy === undefined) return []
  const findings: Finding[] = []
  const [surge, unavailable] = [childOf(strategy, 'maxSurge'), childOf(strategy, 'maxUnavailable')]
  if (isZero(surge) && (unavailable === undefined || isZero(unavailable))) {
    findings.push({
      path: [...path, 'maxSurge'],
      at: 'value',
      message: 'maxSurge and maxUnavailable are both 0, so that no instance could ever be replaced',
      hint: 'Let one of them be 1.',
    })
  }
  return [
    ...findings,
    ...orderFindings(strategy, path),
    ...warmFindings(strategy, path),
    ...weightFindings(strategy, path),
  ]
}

/** Each has to be shorter than the one after it. */
const inOrder = ['minHealthyTime', 'healthyDeadline', 'progressDeadline'] as const

function orderFindings(strategy: Json, path: readonly string[]): readonly Finding[] {
  const times = inOrder.flatMap((name) => {
    const text = textAt(strategy, name)
    const ms = parseDuration(text ?? '')
    return text === undefined || ms === undefined ? [] : [{ name, text, ms }]
  })
  return times.flatMap((time, index): readonly Finding[] => {
    const next = times[index + 1]
    if (next === undefined || time.ms < next.ms) return []
    return [
      {
        path: [...path, time.name],
        at: 'value',
        message: `${time.name} (${time.text}) must be shorter than ${next.name} (${next.text})`,
      },
    ]
  })
}

/** What is kept warm for less time than it may take to drain would be kept for nothing. */
function warmFindings(strategy: Json, path: readonly string[]): readonly Finding[] {
  const [warm, drain] = [textAt(strategy, 'keepWarm'), textAt(strategy, 'drain')]
  const [warmMs, drainMs] = [parseDuration(warm ?? ''), parseDuration(drain ?? '')]
  if (warmMs === undefined || drainMs === undefined || warmMs === 0 || warmMs > drainMs) return []
  const message = `keepWarm (${warm ?? ''}) must be longer than drain (${drain ?? ''})`
  return [{ path: [...path, 'keepWarm'], at: 'value', message, hint: 'Leave it out to keep nothing warm.' }]
}

/** A canary goes forward. */
function weightFindings(strategy: Json, path: readonly string[]): readonly Finding[] {
  const steps = childOf(strategy, 'steps')
  if (!isList(steps)) return []
  let before = 0
  return steps.flatMap((step, index): readonly Finding[] => {
    const weight = childOf(step, 'weight')
    if (typeof weight !== 'number') return []
    const last = before
    before = weight
    if (weight > last) return []
    const message = `the weight ${weight} must be more than the one before it (${last})`
    return [{ path: [...path, 'steps', String(index), 'weight'], at: 'value', message }]
  })
}

function isZero(amount: Json | undefined): boolean {
  return amount === 0 || amount === '0%'
}

function entriesOf(tree: Json | undefined): readonly (readonly [string, Json])[] {
  if (tree === undefined || tree === null || typeof tree !== 'object' || Array.isArray(tree)) return []
  return Object.entries(tree)
}
