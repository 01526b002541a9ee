/** The check `http`: a page answers as expected. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { validateHeaderName } from 'node:http'
import type { DriverSpec } from '../../model/spec.js'
import type { Expectations, WrittenExpectations } from './http-expectations.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer, ProbePlace } from '../../model/health-check.js'
import type { HttpAnswer, HttpRequest, Phase, TlsOptions } from './http-exchange.js'
import type { Ports } from '../../model/ports.js'
import { DeployError, systemCodeOf } from '../../base/deploy-error.js'
import type { At } from './at.js'
import { connectionTrouble } from './connection-trouble.js'
import { excerpt, healthy, probeUntilAborted, unhealthy } from './answer.js'
import { exchange } from './http-exchange.js'
import { expectationsOf } from './http-expectations.js'
import { httpCheckSchema, httpDefaults } from './http-check-schema.js'
import { revealAll } from '../../model/secrets.js'

const mostRedirects = 5
const shownLines = 10

interface HttpOptions extends WrittenExpectations {
  readonly url?: string
  readonly path?: string
  readonly port?: number
  readonly at?: At
  readonly method?: string
  readonly headers?: { readonly [name: string]: string }
  readonly redirects?: 'none' | 'follow'
  readonly tls?: { readonly ca?: string; readonly insecure?: boolean; readonly serverName?: string }
}

export const httpCheck = {
  type: 'http',
  schema: httpCheckSchema,
  create(spec: DriverSpec, ports: Ports): HealthCheck {
    const options = spec as unknown as HttpOptions // the schema admits nothing else
    const fixed = options.url === undefined ? null : urlOf(options.url)
    const expectations = expectationsOf(options, httpDefaults.status)
    const headers = options.headers ?? {}
    Object.keys(headers).forEach(checkHeaderName)
    const method = options.method ?? httpDefaults.method
    const follows = (options.redirects ?? httpDefaults.redirects) === 'follow'
    return {
      async probe(place, signal) {
        const through = tunnelFor(options, place)
        const url = fixed ?? instanceUrl(options, through !== null, place)
        if (url === null) return unhealthy('it has no address yet')
        const subject = `${method} ${url.href}`
        let phase: Phase = 'connecting'
        const answer = await probeUntilAborted(
          ports.clock,
          signal,
          (waited) => `${subject} ${silence(phase, waited)}`,
          async () => {
            const request = {
              url,
              method,
              headers: await revealAll(ports.secrets, headers, signal),
              tls: await tlsOf(options.tls ?? {}, ports),
              through,
            }
            const onPhase = (reached: Phase) => (phase = reached)
            return follow(request, expectations, follows ? mostRedirects : 0, { subject, onPhase, signal })
          },
        )
        return ports.secrets.maskAll(answer)
      },
    }
  },
} as const satisfies HealthCheckDriver

interface Course {
  /** What the answer begins with: the method and the address that was asked, or how it went on from there. */
  readonly subject: string
  readonly onPhase: (phase: Phase) => void
  readonly signal: AbortSignal
}

/** Asks, goes where it is sent as long as that is allowed, and judges the last answer. */
async function follow(
  request: HttpRequest,
  expectations: Expectations,
  redirectsLeft: number,
  course: Course,
): Promise<ProbeAnswer> {
  const { subject, onPhase, signal } = course
  let answer: HttpAnswer
  try {
    const wantsBody = expectations.wantsBody.bind(expectations)
    answer = await exchange(request, wantsBody, onPhase, signal)
  } catch (error) {
    if (systemCodeOf(error)?.startsWith('ERR_INVALID_')) throw neverSent(error)
    if (error instanceof DeployError) throw error
    return unhealthy(`${subject}: ${connectionTrouble(error, placeOf(request.url))}`)
  }
  const next = redirectsLeft > 0 ? nextRequest(request, answer) : null
  if (next === null) return judge(answer, expectations, subject)
  onPhase('connecting')
  return follow(next, expectations, redirectsLeft - 1, {
    ...course,
    subject: `${subject} → ${bare(next.url)}`,
  })
}

function judge(answer: HttpAnswer, expectations: Expectations, subject: string): ProbeAnswer {
  const problem = expectations.problemOf(answer)
  if (problem === null) return healthy(`${subject} answered ${answer.status}`)
  const lines = answer.body.split('\n').map((line) => excerpt(line, 200))
  const shown = lines.filter((line) => line !== '').slice(0, shownLines)
  return unhealthy(`${subject} ${problem}`, shown.length > 1 ? shown : [])
}

/** Where an answer sends to, or null when it is no redirect. Another origin gets none of the request's headers. */
function nextRequest(request: HttpRequest, answer: HttpAnswer): HttpRequest | null {
  const location = answer.headers['location']
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return null
  if (!URL.canParse(location, request.url.href)) return null
  const url = new URL(location, request.url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  const { serverName: _, ...tls } = request.tls
  const same = url.origin === request.url.origin
  const keepsMethod = answer.status === 307 || answer.status === 308 || request.method === 'HEAD'
  return {
    ...request,
    url,
    method: keepsMethod ? request.method : 'GET',
    headers: same ? request.headers : {},
    tls: same ? request.tls : tls,
  }
}

function silence(phase: Phase, waited: string): string {
  if (phase === 'connecting')
    return `got no connection within ${waited}: is the host down, or a firewall in between?`
  if (phase === 'through') return `gave no answer within ${waited}, asked from the host`
  if (phase === 'waiting') return `gave no answer within ${waited} (the connection was accepted)`
  return `answered ${phase}, but did not finish its answer within ${waited}`
}

/** From the host itself, where that is another machine; an instance with an address of its own is asked from here. */
function tunnelFor({ at, url }: HttpOptions, place: ProbePlace): ProbePlace['tunnel'] {
  if (url === undefined && place.reach !== null) return place.reach.tunnel ?? null
  return at === 'controller' ? null : place.tunnel
}

/** A page of the instance itself, or of a port of its host; null as long as it has no address. */
function instanceUrl(
  { path = '/', port }: HttpOptions,
  fromThere: boolean,
  { reach, hostAddress }: ProbePlace,
): URL | null {
  if (reach === null && port === undefined) {
    throw new DeployError('CONFIG_INVALID', 'A check with a path needs a target that runs instances.', {
      hint: 'Write the port as well, or the whole address: url: http://127.0.0.1:8080/health.',
    })
  }
  const ours = reach === null ? { host: fromThere ? '127.0.0.1' : hostAddress, port } : reach.address
  if (ours === null) return null
  const host = ours.host.includes(':') ? `[${ours.host}]` : ours.host
  return new URL(path, `http://${host}:${port ?? ours.port ?? 80}`)
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new DeployError('CONFIG_INVALID', `"${text}" is not an http:// or https:// address.`, {
      hint: 'Write it like http://127.0.0.1:8080/health.',
    })
  }
  if (url.username !== '' || url.password !== '') {
    throw new DeployError(
      'CONFIG_INVALID',
      `The address of a check on ${url.host} holds a user or password.`,
      {
        hint: 'Send it as a header instead: headers: { Authorization: "Basic ${secret.X}" }.',
      },
    )
  }
  return url
}

function checkHeaderName(name: string): void {
  try {
    validateHeaderName(name)
  } catch (cause) {
    throw new DeployError('CONFIG_INVALID', `"${name}" is not the name of an HTTP header.`, { cause })
  }
}

/** Reads the authority anew for every probe: certificates are renewed while deployctl runs. */
async function tlsOf(written: NonNullable<HttpOptions['tls']>, ports: Ports): Promise<TlsOptions> {
  const { ca, serverName } = written
  const insecure = written.insecure ?? httpDefaults.insecure
  const names = serverName === undefined ? {} : { serverName }
  if (ca === undefined) return { insecure, ...names }
  const file = resolve(ports.projectDirectory, ca)
  try {
    return { insecure, ...names, ca: await readFile(file, 'utf8') }
  } catch (cause) {
    throw new DeployError('CONFIG_INVALID', `The certificate authority ${file} of a check cannot be read.`, {
      hint: 'Correct tls.ca, or make the file readable.',
      cause,
    })
  }
}

function neverSent(cause: unknown): DeployError {
  return new DeployError(
    'CONFIG_INVALID',
    'A header of the check cannot be sent: it holds a line break or the like.',
    {
      hint: 'Look at the secrets used in its headers: a trailing newline is a common cause.',
      cause,
    },
  )
}

function placeOf(url: URL): string {
  return url.port === '' ? `${url.hostname}:${url.protocol === 'https:' ? 443 : 80}` : url.host
}

function bare(url: URL): string {
  return `${url.origin}${url.pathname}`
}
