/** The options of the router `alias` as deploy.yaml may have them. */
export const aliasSchema = {
  type: 'object',
  description:
    'A name in a network of the engine, for internal services: its DNS leads other containers in that network to those that serve.',
  properties: {
    type: { const: 'alias', description: 'The kind of router.', examples: ['alias'] },
    network: {
      type: 'string',
      minLength: 1,
      description:
        'The network that clients are in. It is there already, and is not among the `networks` of the target. With a subnet of its own (`--subnet`) what is open goes on after a switch.',
      examples: ['shop-web'],
    },
    name: {
      type: 'string',
      pattern: '^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$',
      description: 'The name that clients look up; the name of the service unless given.',
      examples: ['web'],
    },
  },
  required: ['type', 'network'],
  additionalProperties: false,
} as const
