/** The few calls to an engine's API that set-ups of tests and benches need, independent of the library that src/ uses. */
import { request } from 'node:http'

export interface EngineAnswer {
  readonly status: number
  readonly body: Buffer
}

/** Rejects for an error of the engine, with its own words. */
export async function callEngine(
  socketPath: string,
  method: string,
  path: string,
  sent: { readonly body?: Buffer | object; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<EngineAnswer> {
  const isTar = Buffer.isBuffer(sent.body)
  const bytes = isTar
    ? sent.body
    : sent.body === undefined
      ? undefined
      : Buffer.from(JSON.stringify(sent.body))
  const headers = {
    ...(bytes === undefined
      ? {}
      : { 'content-type': isTar ? 'application/x-tar' : 'application/json', 'content-length': bytes.length }),
    ...sent.headers,
  }
  const answer = await new Promise<EngineAnswer>((resolve, reject) => {
    const question = request({ socketPath, method, path, headers, timeout: 120_000 }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.once('error', reject)
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }))
    })
    question.once('timeout', () => question.destroy(new Error(`${method} ${path}: no answer`)))
    question.once('error', reject)
    question.end(bytes)
  })
  const failed = answer.status >= 400 ? answer.body.toString() : errorInStream(answer.body)
  if (failed !== undefined) throw new Error(`${method} ${path}: ${answer.status} ${failed}`)
  return answer
}

/** What the engine says, as JSON. */
export async function askEngine(socketPath: string, path: string): Promise<unknown> {
  return JSON.parse((await callEngine(socketPath, 'GET', path)).body.toString()) as unknown
}

/** Pulls, pushes and loads begin with 200 and may still fail: the reason comes as a line of the stream. */
function errorInStream(body: Buffer): string | undefined {
  return /^\{"errorDetail":.*$/m.exec(body.toString('latin1'))?.[0]
}

/** The header with which an engine logs in at a registry; without its padding an engine takes it for no login at all. */
export function registryLogin(
  registry: string,
  username: string,
  password: string,
): Readonly<Record<string, string>> {
  const text = Buffer.from(JSON.stringify({ username, password, serveraddress: registry })).toString('base64')
  return { 'x-registry-auth': text.replaceAll('+', '-').replaceAll('/', '_') }
}
