/** The check `command`: the user's own program decides, by its exit code. */
import type { Command, DriverSpec } from '../../model/spec.js'
import type { CommandResult } from '../../model/shell.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer, ProbePlace } from '../../model/health-check.js'
import type { Ports } from '../../model/ports.js'
import { DeployError } from '../../base/deploy-error.js'
import { excerpt, healthy, unhealthy } from './answer.js'
import { isElsewhere } from './ask-host.js'
import { atSchema, type At } from './at.js'
import { formatDuration } from '../../base/duration.js'
import { revealAll } from '../../model/secrets.js'

/** A probe has ended or is ended by its signal; this only bounds what the shell would wait for by itself. */
const timeoutMs = 24 * 3_600_000
/** The same for one that runs inside an instance. */
const insideMs = 60_000
/** Between TERM and KILL: short, because the engine waits for the next probe. */
const graceMs = 1000
const shownLines = 10

interface CommandOptions {
  readonly run?: readonly string[]
  readonly shell?: string
  readonly directory?: 'project' | 'release'
  readonly at?: At
  readonly env?: { readonly [name: string]: string }
}

export const commandCheck = {
  type: 'command',
  schema: {
    type: 'object',
    description:
      'Healthy when the command exits with 0. It runs inside the instance where the target is one of containers.',
    properties: {
      type: { const: 'command', description: 'The kind of check.', examples: ['command'] },
      run: {
        type: 'array',
        minItems: 1,
        items: { type: 'string' },
        description: 'Program and arguments, run without a shell.',
        examples: [['bin/check', '--quick']],
      },
      shell: {
        type: 'string',
        minLength: 1,
        description: 'A line for /bin/sh -c, instead of run.',
        examples: ['curl -fsS localhost:8080/health | grep -q up'],
      },
      directory: {
        enum: ['project', 'release'],
        description:
          'Where it runs: the folder of deploy.yaml, or the folder of the checked release. Without it, release where there is such a folder.',
        examples: ['project'],
      },
      at: atSchema(
        'Where it runs: on the host of the service, or on the machine that deployctl runs on; there where directory is project.',
      ),
      env: {
        type: 'object',
        patternProperties: { '^[A-Za-z_][A-Za-z0-9_]*$': { type: 'string', 'x-secret': true } },
        additionalProperties: false,
        description: 'Variables for the command, beside DEPLOYCTL_*. Values may be secrets.',
        examples: [{ DB_PASSWORD: '${secret.DB_PASSWORD}' }],
      },
    },
    required: ['type'],
    oneOf: [{ required: ['run'] }, { required: ['shell'] }],
    additionalProperties: false,
  },
  create(spec: DriverSpec, ports: Ports): HealthCheck {
    const options = spec as unknown as CommandOptions // the schema above admits nothing else
    const command = commandOf(options)
    return {
      async probe(place, signal) {
        const env = { ...place.env, ...(await revealAll(ports.secrets, options.env ?? {}, signal)) }
        if (place.reach !== null && options.directory === undefined) {
          const inside = await place.reach.run(command, { env, timeoutMs: insideMs }, signal)
          return ports.secrets.maskAll(
            answerOf(describe(command), { signal: null, durationMs: 0, ...inside }),
          )
        }
        const here = isHere(options, place)
        const shell = here ? ports.shell : place.shell
        const directory = directoryOf(options, here, place, ports)
        const result = await shell.run({ command, directory, env, timeoutMs, graceMs }, signal)
        return ports.secrets.maskAll(answerOf(describe(command), result))
      },
    }
  },
} as const satisfies HealthCheckDriver

function commandOf(options: CommandOptions): Command {
  if (options.shell !== undefined) return { shell: options.shell }
  return { run: options.run ?? [] }
}

/** Whether it runs on this machine, where the folder of deploy.yaml is. */
function isHere({ at, directory }: CommandOptions, place: ProbePlace): boolean {
  if (!isElsewhere(place)) return true
  if (at === 'host' && directory === 'project') {
    throw new DeployError(
      'CONFIG_INVALID',
      `The folder of deploy.yaml is not on ${place.host}, so no command check runs in it there.`,
      { hint: 'Use at: controller, or directory: release.' },
    )
  }
  return at === 'controller' || directory === 'project'
}

function directoryOf(options: CommandOptions, here: boolean, place: ProbePlace, ports: Ports): string {
  if (options.directory === 'project') return ports.projectDirectory
  const folder = here === isElsewhere(place) ? null : place.folder // a folder of the host it is on
  if (folder !== null) return folder
  if (options.directory === undefined) return here ? ports.projectDirectory : '.'
  throw new DeployError('CONFIG_INVALID', 'A command check has no release folder to run in on this target.', {
    hint: 'Use directory: project.',
  })
}

function describe(command: Command): string {
  const text = 'shell' in command ? command.shell : command.run.join(' ')
  return `\`${excerpt(text, 80)}\``
}

type Ending = Omit<CommandResult, 'stdout'>

function answerOf(name: string, result: Ending): ProbeAnswer {
  if (result.exitCode === 0 && result.ended === 'exit') return healthy(`${name} exited with 0`)
  const lines = result.lastLines.map((line) => excerpt(line, 500)).filter((line) => line !== '')
  const last = lines.at(-1)
  const said = last === undefined ? '' : `: ${excerpt(last)}`
  return unhealthy(`${name} ${endOf(result)}${said}`, lines.slice(-shownLines))
}

function endOf(result: Ending): string {
  if (result.ended !== 'exit')
    return `did not end within ${formatDuration(result.durationMs)} and was stopped`
  if (result.signal !== null) return `was ended by ${result.signal}`
  return `exited with ${result.exitCode ?? 'no code'}`
}
