/** The options of the router `haproxy` as deploy.yaml may have them. */
import { durationPattern } from '../../../base/duration.js'

const ofOwn = ['mode', 'slots', 'tls', 'sticky', 'timeout', 'program'] as const

export const defaultSlots = 16
export const defaultTimeout = '1m'

export const haproxySchema = {
  type: 'object',
  description:
    'Traffic through HAProxy (2.6 or later): one that is there already (socket, backend), or one that deployctl runs (listen).',
  properties: {
    type: { const: 'haproxy', description: 'The kind of router.', examples: ['haproxy'] },
    socket: {
      type: 'string',
      minLength: 1,
      description:
        'Socket of an existing HAProxy’s runtime API, which has `level admin`. A relative path starts at the folder of deploy.yaml.',
      examples: ['/run/haproxy/admin.sock'],
    },
    backend: {
      type: 'string',
      pattern: '^[A-Za-z0-9_.:-]+$',
      description:
        'Backend of the existing HAProxy that belongs to this service alone. Its servers are the slots: `server slot1 0.0.0.0:1 disabled`.',
      examples: ['web'],
    },
    config: {
      type: 'string',
      minLength: 1,
      description:
        'File with the section of that backend. Its server lines are kept up to date, so that a reload or restart finds the same world.',
      examples: ['/etc/haproxy/haproxy.cfg'],
    },
    listen: {
      anyOf: [
        { type: 'integer', minimum: 1, maximum: 65535 },
        { type: 'string', pattern: '^([A-Za-z0-9.*-]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$' },
      ],
      description:
        'Port, or address and port, of an HAProxy that deployctl runs for this service. It goes on running when deployctl has ended.',
      examples: [80, '127.0.0.1:8080', '[::1]:8080'],
    },
    mode: {
      enum: ['http', 'tcp'],
      default: 'http',
      description:
        'What is balanced: requests (http), or connections (tcp), which also passes TLS through untouched.',
      examples: ['tcp'],
    },
    slots: {
      type: 'integer',
      minimum: 2,
      maximum: 512,
      default: defaultSlots,
      description:
        'How many instances there is room for, old ones that are still draining included. More than twice the replicas is plenty.',
      examples: [32],
    },
    tls: {
      type: 'object',
      description: 'Takes TLS off in HAProxy.',
      properties: {
        certificate: {
          type: 'string',
          minLength: 1,
          description:
            'PEM file with the certificate, its chain and its private key, in this order. A new one is taken up by the next switch.',
          examples: ['certificates/shop.pem'],
        },
      },
      required: ['certificate'],
      additionalProperties: false,
      examples: [{ certificate: '/etc/ssl/private/shop.pem' }],
    },
    sticky: {
      type: 'boolean',
      default: false,
      description:
        'Keeps a visitor with the instance of the first answer, by a cookie, for as long as that instance gets traffic.',
      examples: [true],
    },
    longLived: {
      enum: ['close', 'wait'],
      default: 'close',
      description:
        'What becomes of connections that are still open when the drain’s deadline has passed, such as WebSockets: closed, or left to end with their instance.',
      examples: ['wait'],
    },
    timeout: {
      type: 'string',
      pattern: durationPattern,
      default: defaultTimeout,
      description:
        'How long the visitor or the instance may be silent before the request is given up. WebSockets may be silent for an hour.',
      examples: ['2m'],
    },
    program: {
      type: 'string',
      minLength: 1,
      default: 'haproxy',
      description: 'The program to start.',
      examples: ['/usr/local/sbin/haproxy'],
    },
    folder: {
      type: 'string',
      minLength: 1,
      description:
        'Folder for what deployctl notes down: which instance is in which slot and, for an HAProxy of its own, the configuration, socket and process id. Without it, `.deployctl/routers/<environment>-<service>-<host>`.',
      examples: ['/var/lib/shop/router'],
    },
  },
  required: ['type'],
  oneOf: [{ required: ['socket'] }, { required: ['listen'] }],
  dependencies: {
    socket: ['backend'],
    backend: ['socket'],
    config: ['socket'],
    ...Object.fromEntries(ofOwn.map((option) => [option, ['listen']])),
  },
  additionalProperties: false,
} as const
