/** Every strategy. A new one is a file beside this and a line below. */
import type { JsonSchema } from '../../model/schema.js'

export const strategySchemas: { readonly [type: string]: JsonSchema } = {
  rolling: {
    type: 'object',
    description: 'Host by host: stage, switch, check; the next host begins when this one is healthy.',
    properties: { type: { const: 'rolling', description: 'The kind of strategy.' } },
    required: ['type'],
    additionalProperties: false,
  },
}
