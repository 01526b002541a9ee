/** The notifier `command`: the user's own program gets the notification, as JSON on its input and as variables. */
import type { Command, DriverSpec } from '../../model/spec.js'
import type { CommandResult } from '../../model/shell.js'
import type { NotificationBody } from './notification-body.js'
import type { Notifier, NotifierDriver } from '../../model/notifier.js'
import type { NotificationEvent } from '../../model/config.js'
import type { Ports } from '../../model/ports.js'
import { DeployError } from '../../base/deploy-error.js'
import { notificationBody } from './notification-body.js'
import { revealAll } from '../../model/secrets.js'

/** The caller's signal ends a try; this only bounds what the shell would wait for by itself. */
const timeoutMs = 3_600_000
/** Between TERM and KILL: short, because the end of a deployment waits for its notifications. */
const graceMs = 2000

interface CommandOptions {
  readonly run?: readonly string[]
  readonly shell?: string
  readonly env?: { readonly [name: string]: string }
}

const outcomes: { readonly [event in NotificationEvent]: string } = {
  started: '',
  downloaded: '',
  switched: '',
  waiting: '',
  succeeded: 'applied',
  rolledBack: 'applied',
  failed: 'unwound',
  stuck: 'stuck',
  available: '',
  held: '',
  drift: '',
  recovered: '',
}

export const commandNotifier = {
  type: 'command',
  schema: {
    type: 'object',
    description: 'Runs a command with every notification as JSON on its standard input.',
    properties: {
      type: { const: 'command', description: 'The kind of notifier.', examples: ['command'] },
      run: {
        type: 'array',
        minItems: 1,
        items: { type: 'string' },
        description: 'Program and arguments, run without a shell in the folder of deploy.yaml.',
        examples: [['bin/announce', '--channel', 'deployments']],
      },
      shell: {
        type: 'string',
        minLength: 1,
        description: 'A line for /bin/sh -c, instead of run.',
        examples: ['echo "$DEPLOYCTL_SUMMARY" | mail -s deployment ops@shop.test'],
      },
      env: {
        type: 'object',
        patternProperties: { '^[A-Za-z_][A-Za-z0-9_]*$': { type: 'string', 'x-secret': true } },
        additionalProperties: false,
        description: 'Variables for the command, beside DEPLOYCTL_*. Values may be secrets.',
        examples: [{ CHAT_TOKEN: '${secret.CHAT_TOKEN}' }],
      },
    },
    required: ['type'],
    oneOf: [{ required: ['run'] }, { required: ['shell'] }],
    additionalProperties: false,
  },
  create(spec: DriverSpec, ports: Ports): Notifier {
    const options = spec as unknown as CommandOptions // the schema above admits nothing else
    const command: Command =
      options.shell === undefined ? { run: options.run ?? [] } : { shell: options.shell }
    return {
      async notify(notification, signal) {
        const body = ports.secrets.maskAll(notificationBody(notification))
        const env = { ...variablesOf(body), ...(await revealAll(ports.secrets, options.env ?? {}, signal)) }
        const input = `${JSON.stringify(body)}\n`
        const directory = ports.projectDirectory
        const result = await ports.shell.run({ command, directory, env, input, timeoutMs, graceMs }, signal)
        if (result.exitCode !== 0 || result.ended !== 'exit') throw failed(command, result, ports)
      },
    }
  },
} as const satisfies NotifierDriver

/** For commands that would rather not read JSON. Absent things are empty, so that `set -u` does not trip. */
function variablesOf(body: NotificationBody): { readonly [name: string]: string } {
  return {
    DEPLOYCTL_EVENT: body.event,
    DEPLOYCTL_SUMMARY: body.summary,
    DEPLOYCTL_PROJECT: body.project,
    DEPLOYCTL_ENVIRONMENT: body.environment,
    DEPLOYCTL_DEPLOYMENT_ID: body.deployment ?? '',
    DEPLOYCTL_NOTE: body.note ?? '',
    DEPLOYCTL_COMMAND: body.command,
    DEPLOYCTL_OUTCOME: outcomes[body.event],
    DEPLOYCTL_SERVICES: body.services.map((one) => one.service).join(' '),
    DEPLOYCTL_BY: body.by,
    DEPLOYCTL_HOST: body.host,
    DEPLOYCTL_AT: body.at,
    DEPLOYCTL_DURATION_MS: body.durationMs === null ? '' : String(body.durationMs),
    DEPLOYCTL_ERROR_CODE: body.failure?.code ?? '',
    DEPLOYCTL_ERROR: body.failure?.message ?? '',
  }
}

function failed(command: Command, result: CommandResult, ports: Ports): DeployError {
  const name = 'shell' in command ? command.shell : command.run.join(' ')
  const message = `\`${name.length > 80 ? `${name.slice(0, 79)}…` : name}\` ${endOf(result)}`
  return new DeployError('NOTIFY_FAILED', ports.secrets.mask(message), {
    details: ports.secrets.maskAll(result.lastLines),
  })
}

function endOf(result: CommandResult): string {
  if (result.ended !== 'exit') return 'did not end in time and was stopped'
  return result.signal === null
    ? `exited with ${result.exitCode ?? 'no code'}`
    : `was ended by ${result.signal}`
}
