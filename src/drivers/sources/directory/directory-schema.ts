/** The options of a directory source, as editors and the validator see them. */
import type { JsonSchema } from '../../../model/schema.js'
import { patternSchemaPattern } from '../version-pattern.js'

export const directorySchema: JsonSchema = {
  type: 'object',
  description: 'A folder whose entries are releases: sub-folders, or archives.',
  properties: {
    type: { const: 'directory', description: 'The kind of source.', examples: ['directory'] },
    path: {
      type: 'string',
      description: 'The folder. A relative path starts at the folder of deploy.yaml.',
      minLength: 1,
      examples: ['releases'],
    },
    pattern: {
      type: 'string',
      description:
        'What the names of entries look like. A `v` before the number is accepted; the ending of an archive may be left out.',
      pattern: patternSchemaPattern,
      default: '{version}',
      examples: ['shop-{version}.tar.gz'],
    },
  },
  required: ['type', 'path'],
  additionalProperties: false,
}
