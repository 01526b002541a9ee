/** Every strategy. A new one is a file beside this, a line in `strategies` and its fragment of the schema. */
import type { JsonSchema } from '../../model/schema.js'
import { rolling } from './rolling.js'
import type { Strategy } from './strategy.js'

export const strategies: { readonly [type: string]: Strategy } = { rolling }

/** For services that are taken down: what they once asked for is no longer in deploy.yaml. */
export const defaultStrategy = 'rolling'

/** The verbs a target must have for a strategy to work on it. */
export const strategyVerbs: { readonly [type: string]: readonly ('stage' | 'route' | 'start' | 'stop')[] } = {
  rolling: ['stage', 'route'],
}

export const strategySchemas: { readonly [type: string]: JsonSchema } = {
  rolling: {
    type: 'object',
    description: 'Host by host: stage, switch, check; the next host begins when this one is healthy.',
    properties: { type: { const: 'rolling', description: 'The kind of strategy.', examples: ['rolling'] } },
    required: ['type'],
    additionalProperties: false,
  },
}
