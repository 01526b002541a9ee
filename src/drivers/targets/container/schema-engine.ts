/** The part of the schema that says which engine it is. */
import type { JsonSchema } from '../../../model/schema.js'

const file = (description: string, example: string) => ({
  type: 'string',
  minLength: 1,
  description,
  examples: [example],
})

const tls = {
  type: 'object',
  additionalProperties: false,
  description: 'The files of the TLS connection; relative paths start at the folder of deploy.yaml.',
  examples: [{ ca: 'tls/ca.pem', cert: 'tls/cert.pem', key: 'tls/key.pem' }],
  properties: {
    ca: file('The authority that vouches for the engine; those of Node unless given.', 'tls/ca.pem'),
    cert: file('The certificate to show to the engine.', 'tls/cert.pem'),
    key: file('The key of that certificate.', 'tls/key.pem'),
  },
} as const

export const engineSchema: JsonSchema = {
  description:
    'The engine. Without it: DOCKER_HOST, else the current Docker context, else /var/run/docker.sock.',
  examples: [
    { socket: '/run/user/1000/docker.sock' },
    { host: 'tcp://10.0.0.5:2376', tls: { ca: 'ca.pem' } },
  ],
  oneOf: [
    {
      type: 'object',
      required: ['socket'],
      additionalProperties: false,
      properties: { socket: file('The path of the engine’s socket.', '/var/run/docker.sock') },
    },
    {
      type: 'object',
      required: ['host'],
      additionalProperties: false,
      properties: {
        host: {
          type: 'string',
          pattern: '^(unix|tcp|https?|ssh)://',
          description: 'The engine’s address as in DOCKER_HOST.',
          examples: ['tcp://10.0.0.5:2376'],
        },
        tls,
      },
    },
    {
      type: 'object',
      required: ['context'],
      additionalProperties: false,
      properties: { context: file('A context of docker on this machine.', 'build') },
    },
  ],
}
