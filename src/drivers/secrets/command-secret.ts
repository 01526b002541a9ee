/**
 * Secrets from commands: password managers and vaults have one each (`op read`, `vault kv get`, `sops -d`, `pass`).
 *
 * Nothing a command says on standard output may reach an error: it may be the secret.
 */
import { DeployError } from '../../base/deploy-error.js'
import { durationMs, durationPattern, formatDuration } from '../../base/duration.js'
import type { SecretProviderDriver } from '../../model/secret-provider.js'
import type { CommandResult } from '../../model/shell.js'
import { secretText } from './secret-text.js'

const usualTimeout = '30s'
const mostComplaints = 5

export const commandSecret = {
  type: 'command',
  schema: {
    type: 'object',
    description: 'What a command prints, without its last line end.',
    additionalProperties: false,
    required: ['type', 'run'],
    properties: {
      type: { const: 'command', description: 'A command.', examples: ['command'] },
      run: {
        type: 'array',
        minItems: 1,
        items: { type: 'string' },
        description: 'The program and its arguments, run in the folder of deploy.yaml without a shell.',
        examples: [['op', 'read', 'op://deploy/slack/url']],
      },
      timeout: {
        type: 'string',
        pattern: durationPattern,
        default: usualTimeout,
        description: 'How long the command may take.',
        examples: ['30s', '2m'],
      },
    },
  },
  async lookUp(name, options, ports, signal) {
    const run = Array.isArray(options['run']) ? options['run'].map(String) : []
    const timeoutMs = durationMs(typeof options['timeout'] === 'string' ? options['timeout'] : usualTimeout)
    const complaints: string[] = []
    const fail = (what: string, hint: string, cause?: unknown): DeployError =>
      new DeployError('SECRET_MISSING', `the secret ${name}: the command ${run[0] ?? ''} ${what}`, {
        hint,
        details: complaints.slice(-mostComplaints),
        ...(cause === undefined ? {} : { cause }),
      })
    let result: CommandResult
    try {
      result = await ports.shell.run(
        {
          command: { run },
          directory: ports.projectDirectory,
          timeoutMs,
          onLine: (line) => {
            if (line.stream === 'stderr') complaints.push(line.text)
          },
        },
        signal,
      )
    } catch (error) {
      if (!(error instanceof DeployError)) throw error
      throw fail(`could not be started: ${error.message}`, error.hint ?? 'Try it by hand.', error)
    }
    const byHand = `Try it by hand in ${ports.projectDirectory}.`
    if (result.ended === 'cancelled')
      throw new DeployError('CANCELLED', `looking up the secret ${name} was cancelled`)
    if (result.ended === 'timeout') {
      throw fail(
        `did not answer within ${formatDuration(timeoutMs)}`,
        `${byHand} It may be waiting for a login; a longer \`timeout\` helps when it is only slow.`,
      )
    }
    if (result.exitCode !== 0) {
      const end =
        result.exitCode === null
          ? `was ended by ${result.signal ?? 'a signal'}`
          : `exited with ${result.exitCode}`
      throw fail(end, byHand)
    }
    return secretText(name, `the command ${run[0] ?? ''}`, Buffer.from(result.stdout))
  },
} as const satisfies SecretProviderDriver
