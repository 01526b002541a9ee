/**
 * The checks `postgres` and `mysql`: the database answers a query, asked from the host of the service with its own client
 * and with the settings of the application itself. A password goes by the environment, never by an argument.
 */
import type { DriverSpec } from '../../model/spec.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer, ProbePlace } from '../../model/health-check.js'
import type { CommandResult } from '../../model/shell.js'
import type { JsonSchema } from '../../model/schema.js'
import type { Ports } from '../../model/ports.js'
import { DeployError } from '../../base/deploy-error.js'
import { healthy, unhealthy } from './answer.js'
import { askHost, lastWord } from './ask-host.js'
import {
  settingNames,
  settingsOfUrl,
  valuesOf,
  type DatabaseSettings,
  type SettingName,
} from './database-settings.js'

interface DatabaseOptions {
  readonly url?: string
  readonly envFile?: string
  readonly variable?: string
  readonly variables?: { readonly [name in SettingName]?: string }
}

interface Client {
  readonly type: 'postgres' | 'mysql'
  readonly called: string
  /** Asks for one row; 127 when the client is missing. */
  readonly script: string
  env(settings: DatabaseSettings): { readonly [name: string]: string }
}

const postgres: Client = {
  type: 'postgres',
  called: 'PostgreSQL',
  script: 'command -v psql >/dev/null || exit 127; exec psql -X -w -q -A -t -c "select 1" </dev/null',
  env: ({ host, port, user, password, database, tls }) =>
    withoutEmpty({
      PGHOST: host,
      PGPORT: port,
      PGUSER: user,
      PGPASSWORD: password,
      PGDATABASE: database,
      PGSSLMODE: tls,
      PGCONNECT_TIMEOUT: '10',
      PGAPPNAME: 'deployctl',
    }),
}

const mysql: Client = {
  type: 'mysql',
  called: 'MySQL',
  script: `
    c=$(command -v mariadb || command -v mysql) || exit 127
    set -- --no-defaults --batch --skip-column-names --connect-timeout=10
    [ -z "$DB_HOST" ] || set -- "$@" --host="$DB_HOST"
    [ -z "$DB_PORT" ] || set -- "$@" --port="$DB_PORT"
    [ -z "$DB_USER" ] || set -- "$@" --user="$DB_USER"
    [ -z "$DB_NAME" ] || set -- "$@" --database="$DB_NAME"
    exec "$c" "$@" --execute='select 1' </dev/null`,
  env: ({ host, port, user, password, database }) => ({
    DB_HOST: host,
    DB_PORT: port,
    DB_USER: user,
    DB_NAME: database,
    ...withoutEmpty({ MYSQL_PWD: password }),
  }),
}

export const postgresCheck = checkWith(postgres)
export const mysqlCheck = checkWith(mysql)

function checkWith(client: Client) {
  return {
    type: client.type,
    schema: schemaOf(client),
    create(spec: DriverSpec, ports: Ports): HealthCheck {
      const options = spec as unknown as DatabaseOptions // the schema admits nothing else
      return {
        async probe(place, signal) {
          const read = await settingsAt(place, options, ports, signal)
          if ('healthy' in read) return ports.secrets.maskAll(read)
          const { settings } = read
          const about = sayDatabase(client, settings)
          const question = { script: client.script, env: client.env(settings), about }
          const answer = await askHost(place, question, signal, (result) =>
            judge(client, about, place.host, result),
          )
          return withoutPassword(ports.secrets.maskAll(answer), settings.password)
        },
      }
    },
  } as const satisfies HealthCheckDriver
}

type Read = { readonly settings: DatabaseSettings } | ProbeAnswer

async function settingsAt(
  place: ProbePlace,
  options: DatabaseOptions,
  ports: Ports,
  signal: AbortSignal,
): Promise<Read> {
  if (options.url !== undefined)
    return { settings: settingsOfUrl(await ports.secrets.reveal(options.url, signal)) }
  const file = fileAt(options.envFile ?? '', place)
  const about = `the settings in ${file}`
  const found: ReadonlyMap<string, string>[] = []
  const script = 'cat -- "$FILE"'
  const answer = await askHost(place, { script, env: { FILE: file }, about }, signal, (result) => {
    if (result.exitCode !== 0) return unhealthy(`${about} could not be read: ${lastWord(result, '')}`)
    found.push(valuesOf(result.stdout))
    return healthy('')
  })
  const [values] = found
  return values === undefined ? answer : settingsFrom(values, options, about)
}

function settingsFrom(values: ReadonlyMap<string, string>, options: DatabaseOptions, about: string): Read {
  if (options.variable !== undefined) {
    const url = values.get(options.variable)
    return url === undefined ? missing(about, options.variable) : { settings: settingsOfUrl(url) }
  }
  const settings = { host: '', port: '', user: '', password: '', database: '', tls: '' }
  for (const name of settingNames) {
    const variable = options.variables?.[name]
    if (variable === undefined) continue
    const value = values.get(variable)
    if (value === undefined) return missing(about, variable)
    settings[name] = value
  }
  return { settings }
}

function missing(about: string, variable: string): ProbeAnswer {
  return unhealthy(`${about} do not have ${variable}`)
}

function fileAt(file: string, { folder }: ProbePlace): string {
  if (file.startsWith('/')) return file
  if (folder !== null) return `${folder}/${file}`
  throw new DeployError(
    'CONFIG_INVALID',
    `envFile ${file} has no release folder to start in on this target.`,
    {
      hint: 'Write the whole path, or use url.',
    },
  )
}

function judge(client: Client, about: string, host: string, result: CommandResult): ProbeAnswer {
  if (result.exitCode === 0) return healthy(`${about} answers`)
  if (result.exitCode === 127) {
    const program = client.type === 'postgres' ? 'psql' : 'neither mariadb nor mysql'
    const lack = client.type === 'postgres' ? `no ${program}` : program
    throw new DeployError('CONFIG_INVALID', `The host ${host} has ${lack} to ask ${about} with.`, {
      hint: `Install the client of ${client.called} there, or use a command check.`,
    })
  }
  return unhealthy(`${about}: ${lastWord(result, 'the client gave up')}`, result.lastLines.slice(-5))
}

/** `PostgreSQL shop at db:5432`: never with a password. */
function sayDatabase({ called }: Client, { host, port, database }: DatabaseSettings): string {
  const where = host === '' ? '' : ` at ${host}${port === '' ? '' : `:${port}`}`
  return `${called}${database === '' ? '' : ` ${database}`}${where}`
}

/** It was read on the host, so deployctl's own secrets do not know it. */
function withoutPassword(answer: ProbeAnswer, password: string): ProbeAnswer {
  if (password === '') return answer
  const { details } = answer
  const without = (text: string): string => text.replaceAll(password, '***')
  const seen = without(answer.seen)
  return { ...answer, seen, ...(details === undefined ? {} : { details: details.map(without) }) }
}

function withoutEmpty(variables: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''))
}

function schemaOf({ type, called }: Client): JsonSchema {
  const name = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' } as const
  const scheme = type === 'postgres' ? 'postgres' : 'mysql'
  return {
    type: 'object',
    description: `Healthy when a ${called} database answers a query, asked from the host of the service.`,
    properties: {
      type: { const: type, description: 'The kind of check.', examples: [type] },
      url: {
        type: 'string',
        minLength: 1,
        'x-secret': true,
        description: `The address of the database, ${scheme}://user:password@host/name; usually a secret.`,
        examples: ['${secret.DATABASE_URL}'],
      },
      envFile: {
        type: 'string',
        minLength: 1,
        description:
          'The file with the application’s own settings, on its host; a relative path starts in the folder of the release. It is read, never run.',
        examples: ['.env', '/etc/shop/env'],
      },
      variable: {
        ...name,
        description: 'The variable of that file that holds the address.',
        examples: ['DATABASE_URL'],
      },
      variables: {
        type: 'object',
        description: 'Instead of it: the variables that hold the parts of the address.',
        properties: Object.fromEntries(
          settingNames.map((setting) => [
            setting,
            {
              ...name,
              description: `The variable with the ${setting} of the database.`,
              examples: [`DB_${setting.toUpperCase()}`],
            },
          ]),
        ),
        minProperties: 1,
        additionalProperties: false,
        examples: [
          { host: 'DB_HOST', user: 'DB_USERNAME', password: 'DB_PASSWORD', database: 'DB_DATABASE' },
        ],
      },
    },
    required: ['type'],
    oneOf: [
      { required: ['url'] },
      { required: ['envFile', 'variable'] },
      { required: ['envFile', 'variables'] },
    ],
    dependencies: { variable: ['envFile'], variables: ['envFile'] },
    additionalProperties: false,
  }
}
