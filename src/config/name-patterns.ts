/** How things in deploy.yaml may be called. A file of its own because the schema, its messages and the rules agree on it. */
import type { JsonSchema } from '../model/schema.js'

/** Projects, environments, services, sources, checks, hooks, notifiers. Keys that begin with `x-` are free. */
export const namePattern = '^(?!x-)[a-z0-9][a-z0-9-]*$'
/** Variables and secrets, which people like to write in capitals or in camelCase. */
export const variablePattern = '^(?!x-)[A-Za-z_][A-Za-z0-9_-]*$'
/** Variables of a process. */
const environmentVariablePattern = '^[A-Za-z_][A-Za-z0-9_]*$'
/** What comes first in a prerelease: `beta` in `2.0.0-beta.1`. */
export const channelPattern = '^[0-9A-Za-z-]*[A-Za-z-][0-9A-Za-z-]*$'
/** Keys that deployctl does not read, wherever the keys of a map are known. */
export const freeKeyPattern = '^x-'

/** What a pattern asks for, in words. */
export const namesInWords: { readonly [pattern: string]: string } = {
  [namePattern]: 'a name in lower-case letters, digits and dashes, such as shop-api',
  [variablePattern]: 'a name in letters, digits, _ and -, that begins with a letter or _',
  [environmentVariablePattern]:
    'a name in letters, digits and _, that begins with a letter or _, such as API_URL',
  [channelPattern]: 'true, false, or the name of a channel such as beta',
}

/** A map from names to things of one kind. */
export function namedMap(pattern: string, values: JsonSchema): JsonSchema {
  return {
    type: 'object',
    patternProperties: { [freeKeyPattern]: {}, [pattern]: values },
    additionalProperties: false,
  }
}

/** A map of variables for a process; values may refer to secrets. */
export const processVariables: JsonSchema = variablesOf({ type: 'string', 'x-secret': true })

/** The same for a host, where a number or a truth value is as good as its text. */
export const variablesOfHost: JsonSchema = variablesOf({
  type: ['string', 'number', 'boolean'],
  'x-secret': true,
})

function variablesOf(value: JsonSchema): JsonSchema {
  return {
    type: 'object',
    patternProperties: { [environmentVariablePattern]: value },
    additionalProperties: false,
  }
}
