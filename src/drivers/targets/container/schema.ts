/** What deploy.yaml may say of a container target: the schema fragment that validation and editors use. */
import { durationPattern } from '../../../base/duration.js'
import type { Json } from '../../../base/hash.js'
import { hostsOptionSchema } from '../../../model/hosts-option.js'
import type { JsonSchema } from '../../../model/schema.js'
import { engineSchema } from './schema-engine.js'
import { limitProperties } from './schema-limits.js'
import { runProperties } from './schema-run.js'

export const defaultStopTimeout = '30s'

/** `routers` are the fragments of all kinds of routers there are. */
export function containerSchema(routers: readonly JsonSchema[]): JsonSchema {
  const router: { readonly [name: string]: Json } =
    routers.length === 0
      ? {}
      : {
          router: {
            oneOf: [...routers],
            description:
              'What sends traffic to the containers, and moves it from the old ones to the new ones.',
            examples: [{ type: 'haproxy', listen: 80 }],
          },
        }
  return {
    type: 'object',
    description: 'Containers on a Docker engine.',
    required: ['type'],
    additionalProperties: false,
    dependencies: { ...(routers.length === 0 ? {} : { router: ['port'] }) },
    properties: {
      type: { const: 'container', description: 'A container target.', examples: ['container'] },
      image: {
        type: 'string',
        minLength: 1,
        pattern: '^[^\\s]+$',
        description:
          'The image, for a service whose source does not give images. Without it, the source’s image is run, by its digest. A tag that is moved afterwards is not noticed.',
        examples: ['registry.example.com/shop/web:${release.version}'],
      },
      hosts: hostsOptionSchema,
      replicas: {
        type: 'integer',
        minimum: 1,
        maximum: 500,
        default: 1,
        description: 'How many containers run on each host.',
        examples: [3],
      },
      port: {
        type: 'integer',
        minimum: 1,
        maximum: 65535,
        description:
          'The port that the program listens on, inside its container: for the router and for checks.',
        examples: [8080],
      },
      ...router,
      stopTimeout: {
        type: 'string',
        pattern: durationPattern,
        default: defaultStopTimeout,
        description:
          'How long a container may take to end by itself, after its stop signal, before it is killed.',
        examples: ['2m'],
      },
      keepReleases: {
        type: 'integer',
        minimum: 1,
        default: 5,
        description:
          'How many releases that served well stay on the engine as images, the serving one among them, to roll back to.',
        examples: [5],
      },
      engine: engineSchema,
      platform: {
        type: 'string',
        pattern: '^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$',
        description:
          'The platform to run, where an image is there for several; the engine’s own unless given.',
        examples: ['linux/amd64'],
      },
      pull: {
        enum: ['missing', 'always', 'never'],
        default: 'missing',
        description:
          'When to ask the registry: only for an image that the engine does not have, always (for tags that are moved), or never.',
        examples: ['always'],
      },
      login: {
        type: 'object',
        required: ['username', 'password'],
        additionalProperties: false,
        description:
          'The login for the registry. Without it, the logins in Docker’s configuration on this machine are used.',
        examples: [{ username: 'deployer', password: '${secret.REGISTRY_PASSWORD}' }],
        properties: {
          username: {
            type: 'string',
            minLength: 1,
            'x-secret': true,
            description: 'The user.',
            examples: ['deployer'],
          },
          password: {
            type: 'string',
            minLength: 1,
            'x-secret': true,
            description: 'The password, or a token that the registry takes in its place.',
            examples: ['${secret.REGISTRY_PASSWORD}'],
          },
        },
      },
      ...runProperties,
      ...limitProperties,
    },
  }
}
