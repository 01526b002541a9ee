/** The notifier `webhook`: the notification as JSON to an address, signed when there is a secret to sign with. */
import { createHmac } from 'node:crypto'
import { validateHeaderName } from 'node:http'
import type { DriverSpec } from '../../model/spec.js'
import type { Notifier, NotifierDriver } from '../../model/notifier.js'
import type { Ports } from '../../model/ports.js'
import { DeployError } from '../../base/deploy-error.js'
import { checkWritten, revealAddress, webhookAddressPattern } from './webhook-address.js'
import { notificationBody } from './notification-body.js'
import { post } from './post.js'
import { revealAll } from '../../model/secrets.js'

interface WebhookOptions {
  readonly url: string
  readonly headers?: { readonly [name: string]: string }
  readonly secret?: string
}

export const webhookNotifier = {
  type: 'webhook',
  schema: {
    type: 'object',
    description: 'Posts every notification as JSON to an address.',
    properties: {
      type: { const: 'webhook', description: 'The kind of notifier.', examples: ['webhook'] },
      url: {
        type: 'string',
        pattern: webhookAddressPattern,
        'x-secret': true,
        description: 'Address to post to.',
        examples: ['https://hooks.shop.test/deployments', '${secret.WEBHOOK_URL}'],
      },
      headers: {
        type: 'object',
        additionalProperties: { type: 'string', 'x-secret': true },
        description: 'More headers to send. Values may be secrets.',
        examples: [{ Authorization: 'Bearer ${secret.HOOK_TOKEN}' }],
      },
      secret: {
        type: 'string',
        minLength: 1,
        'x-secret': true,
        description: 'Key of the HMAC-SHA256 signature that is then sent as X-Deployctl-Signature.',
        examples: ['${secret.WEBHOOK_KEY}'],
      },
    },
    required: ['type', 'url'],
    additionalProperties: false,
  },
  create(spec: DriverSpec, ports: Ports): Notifier {
    const options = spec as unknown as WebhookOptions // the schema above admits nothing else
    checkWritten(options.url)
    Object.keys(options.headers ?? {}).forEach(checkHeaderName)
    return {
      async notify(notification, signal) {
        const address = await revealAddress(options.url, ports.secrets, signal)
        const headers = await revealAll(ports.secrets, options.headers ?? {}, signal)
        const body = JSON.stringify(ports.secrets.maskAll(notificationBody(notification)))
        const timestamp = String(Math.floor(ports.clock.now().getTime() / 1000))
        const ours = {
          'x-deployctl-event': notification.event,
          // The same for every try, so that a receiver can drop what it has seen.
          'x-deployctl-delivery': `${notification.deployment ?? notification.at}-${notification.event}`,
          'x-deployctl-timestamp': timestamp,
          ...(await signatureHeader(options.secret, `${timestamp}.${body}`, ports, signal)),
        }
        await post({ address, headers: { ...lowerCased(headers), ...ours }, body }, ports.clock, signal)
      },
    }
  },
} as const satisfies NotifierDriver

async function signatureHeader(
  secret: string | undefined,
  signed: string,
  ports: Ports,
  signal: AbortSignal,
) {
  if (secret === undefined) return {}
  const key = await ports.secrets.reveal(secret, signal)
  return { 'x-deployctl-signature': `sha256=${createHmac('sha256', key).update(signed).digest('hex')}` }
}

/** So that a header of the user's cannot stand beside one of ours in other letters. */
function lowerCased(headers: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function checkHeaderName(name: string): void {
  try {
    validateHeaderName(name)
  } catch (cause) {
    throw new DeployError('CONFIG_INVALID', `"${name}" is not the name of an HTTP header.`, { cause })
  }
}
