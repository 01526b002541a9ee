/** The options of the check `http`, apart from its code because there are many. */
import type { JsonSchema } from '../../model/schema.js'
import { atSchema } from './at.js'
import { statusPattern } from './http-expectations.js'

export const httpDefaults = { method: 'GET', status: '200-299', redirects: 'none', insecure: false } as const

const oneStatus = [
  { type: 'integer', minimum: 100, maximum: 599 },
  { type: 'string', pattern: statusPattern },
] as const

export const httpCheckSchema = {
  type: 'object',
  description:
    'Healthy when a page answers with an expected status, and with the headers and text asked for.',
  properties: {
    type: { const: 'http', description: 'The kind of check.', examples: ['http'] },
    url: {
      type: 'string',
      pattern: '^https?://',
      description: 'Address to ask, without a user or password.',
      examples: ['http://127.0.0.1:8080/health', 'https://[::1]:8443/ready'],
    },
    path: {
      type: 'string',
      pattern: '^/',
      description:
        'Page to ask of each instance itself, instead of url, where the target runs instances: before it gets any traffic. Elsewhere, with port: a page of the host of the service.',
      examples: ['/health'],
    },
    port: {
      type: 'integer',
      minimum: 1,
      maximum: 65535,
      description:
        'With path: a port of the host of the service, or another port of an instance than the one it serves on.',
      examples: [8080],
    },
    at: atSchema(
      'From where it is asked: the host of the service, through the connection to it, or the machine that deployctl runs on.',
    ),
    method: {
      enum: ['GET', 'HEAD', 'POST', 'OPTIONS'],
      default: httpDefaults.method,
      description: 'How it is asked. Nothing is sent as a body.',
      examples: ['HEAD'],
    },
    headers: {
      type: 'object',
      additionalProperties: { type: 'string', 'x-secret': true },
      description: 'Headers to send, Host included. Values may be secrets.',
      examples: [{ Host: 'shop.test', Authorization: 'Bearer ${secret.HEALTH_TOKEN}' }],
    },
    status: {
      anyOf: [...oneStatus, { type: 'array', minItems: 1, items: { anyOf: oneStatus } }],
      default: httpDefaults.status,
      description: 'Status codes that are well: one, a range, or a list of these.',
      examples: [200, '200-299', [200, 204, '300-399']],
    },
    expectHeaders: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Headers the answer must have, exactly; * stands for any text.',
      examples: [{ 'Content-Type': 'application/json*' }],
    },
    contains: {
      type: 'string',
      minLength: 1,
      description: 'Text that the first 64 KiB of the answer must contain.',
      examples: ['"status":"up"'],
    },
    matches: {
      type: 'string',
      minLength: 1,
      description: 'Regular expression that must match in the first 64 KiB; ^ and $ match at every line.',
      examples: ['"version":\\s*"1\\.'],
    },
    redirects: {
      enum: ['none', 'follow'],
      default: httpDefaults.redirects,
      description: 'Whether a redirect is the answer, or followed (at most 5 times).',
      examples: ['follow'],
    },
    tls: {
      type: 'object',
      description: 'How an https address is trusted.',
      examples: [{ ca: 'certificates/internal-ca.pem' }],
      properties: {
        ca: {
          type: 'string',
          minLength: 1,
          description:
            'PEM file of the authority to trust; a relative path starts at the folder of deploy.yaml.',
          examples: ['certificates/internal-ca.pem'],
        },
        insecure: {
          type: 'boolean',
          default: httpDefaults.insecure,
          description: 'Accept any certificate.',
          examples: [true],
        },
        serverName: {
          type: 'string',
          minLength: 1,
          description: 'Name to ask for and to expect in the certificate, when the address has another.',
          examples: ['shop.test'],
        },
      },
      additionalProperties: false,
    },
  },
  required: ['type'],
  oneOf: [{ required: ['url'] }, { required: ['path'] }],
  additionalProperties: false,
} as const satisfies JsonSchema
