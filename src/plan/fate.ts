/** How far a failure reaches: for each service of a plan, those that are undone with it. Pure. */
import type { Config } from '../model/config.js'
import type { Plan } from '../model/plan.js'
import { withDependents } from './dependencies.js'

export function fateOf(
  dependencies: ReadonlyMap<string, readonly string[]>,
  reach: Config['onFailure'],
): Plan['fate'] {
  // With one fate for all, an empty table says it without n × n names.
  if (reach === 'deployment') return {}
  return Object.fromEntries(
    [...dependencies.keys()].sort().map((name) => [name, withDependents(name, dependencies)]),
  )
}
