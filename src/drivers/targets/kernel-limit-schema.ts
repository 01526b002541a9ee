/** A limit of the kernel for each process, as deploy.yaml writes it for every kind of target: one number, or soft and hard. */
import type { JsonSchema } from '../../model/schema.js'

/** `least` is 0, or -1 where that means none. */
export function kernelLimitSchema(least: 0 | -1): JsonSchema {
  const count = { type: 'integer', minimum: least } as const
  return {
    oneOf: [
      { ...count, examples: [65536] },
      {
        type: 'object',
        required: ['soft', 'hard'],
        additionalProperties: false,
        properties: {
          soft: { ...count, description: 'Where it begins.', examples: [1024] },
          hard: { ...count, description: 'How far the program may raise it.', examples: [65536] },
        },
      },
    ],
  }
}

export const kernelLimitExample = { nofile: 65536, core: { soft: 0, hard: 0 } }
