/** Every strategy. A new one is a file beside this and a line in `strategies`. */
import type { JsonSchema } from '../../model/schema.js'
import { blueGreen } from './blue-green.js'
import { recreate } from './recreate.js'
import { rolling } from './rolling.js'
import type { StrategyTraits } from './strategy.js'

export const strategies: { readonly [type: string]: StrategyTraits } = {
  rolling,
  'blue-green': blueGreen,
  recreate,
}

/** For services that are taken down: what they once asked for is no longer in deploy.yaml. */
export const defaultStrategy = 'rolling'

export const strategySchemas: { readonly [type: string]: JsonSchema } = Object.fromEntries(
  Object.entries(strategies).map(([type, { schema }]) => [type, schema]),
)
