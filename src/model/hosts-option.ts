/** The option of a target that says on which hosts it is; every target that can be on another machine has it. */
import type { JsonSchema } from './schema.js'

export const hostsOption = 'hosts'

const word = { type: 'string', minLength: 1 } as const

export const hostsOptionSchema: JsonSchema = {
  anyOf: [word, { type: 'array', items: word, minItems: 1, uniqueItems: true }],
  description:
    'The hosts it runs on: names of groups and of hosts below `hosts:`. Without it, the machine deployctl runs on.',
  examples: ['app', ['app', 'db1']],
}
