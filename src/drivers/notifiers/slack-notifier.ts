/** The notifier `slack`: a message in a channel, through one of Slack's incoming webhooks (or what speaks like one). */
import type { DriverSpec } from '../../model/spec.js'
import type { Notifier, NotifierDriver } from '../../model/notifier.js'
import type { Ports } from '../../model/ports.js'
import { DeliveryRefused } from '../../model/notifier.js'
import { DeployError } from '../../base/deploy-error.js'
import { answeredBadly, post } from './post.js'
import { checkWritten, revealAddress, webhookAddressPattern } from './webhook-address.js'
import { slackMessage } from './slack-message.js'

interface SlackOptions {
  readonly url: string
}

/** What Slack's refusals mean, by the word it answers with. */
const hints: { readonly [answer: string]: string } = {
  no_service: 'The webhook was switched off or removed: make a new one and replace the url.',
  no_team: 'The workspace of the webhook is gone: make a new webhook and replace the url.',
  invalid_token: 'The url is not complete, or no longer valid: copy it again.',
  channel_not_found: 'The channel of the webhook is gone: make a new webhook.',
  channel_is_archived: 'The channel of the webhook is archived: bring it back, or make a new webhook.',
  action_prohibited: 'An administrator of the workspace does not allow this webhook to post.',
  posting_to_general_channel_denied: 'Not everybody may post to that channel: make a webhook for another.',
}

export const slackNotifier = {
  type: 'slack',
  schema: {
    type: 'object',
    description: 'Posts a message to a Slack channel.',
    properties: {
      type: { const: 'slack', description: 'The kind of notifier.', examples: ['slack'] },
      url: {
        type: 'string',
        pattern: webhookAddressPattern,
        'x-secret': true,
        description: 'Address of an incoming webhook. Whoever knows it can post, so keep it as a secret.',
        examples: ['${secret.SLACK_URL}'],
      },
    },
    required: ['type', 'url'],
    additionalProperties: false,
  },
  create(spec: DriverSpec, ports: Ports): Notifier {
    const options = spec as unknown as SlackOptions // the schema above admits nothing else
    checkWritten(options.url)
    return {
      async notify(notification, signal) {
        const address = await revealAddress(options.url, ports.secrets, signal)
        const body = JSON.stringify(slackMessage(ports.secrets.maskAll(notification)))
        const answer = await post({ address, headers: {}, body }, ports.clock, signal).catch(
          (error: unknown) => {
            throw withHint(error)
          },
        )
        if (answer.trim() !== 'ok')
          throw answeredBadly(address.url, '200, but not "ok":', answer, notAHook(), notSlack)
      },
    }
  },
} as const satisfies NotifierDriver

const notSlack = 'Is the url that of an incoming webhook? The kind webhook posts JSON to any address.'

function notAHook(): DeliveryRefused {
  return new DeliveryRefused('the answer was not ok', 'never')
}

function withHint(error: unknown): unknown {
  if (!(error instanceof DeployError) || error.hint !== undefined) return error
  const word = Object.keys(hints).find((candidate) => error.message.includes(`"${candidate}"`))
  const hint = word === undefined ? undefined : hints[word]
  if (hint === undefined) return error
  return new DeployError(error.code, error.message, { hint, details: error.details, cause: error.cause })
}
