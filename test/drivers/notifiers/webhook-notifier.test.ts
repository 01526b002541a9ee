import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DeliveryRefused } from '../../../src/model/notifier.js'
import { DeployError } from '../../../src/base/deploy-error.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { admits } from '../../contract/driver-schema.js'
import { failed } from '../../contract/notifier.contract.js'
import { freePort, serveHttp, serveTcp, type Loopback } from '../../contract/loopback.js'
import { parseRetryAfter } from '../../../src/drivers/notifiers/post.js'
import { webhookNotifier } from '../../../src/drivers/notifiers/webhook-notifier.js'

interface Received {
  readonly method: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let ports: DriverPorts
let server: Loopback
let received: Received[] = []
let answer: (response: ServerResponse) => void = (response) => response.end()

beforeEach(async () => {
  ports = await driverPorts({ KEY: 'signing-key', TOKEN: 'bearer-token', NONSENSE: 'not an address' })
  received = []
  answer = (response) => response.end()
  server = await serveHttp((request, response) => {
    void text(request).then((body) => {
      received.push({ method: request.method, headers: request.headers, body })
      answer(response)
    })
  })
})
afterEach(async () => {
  await server.close()
  await ports.remove()
})

const notify = (options: Record<string, unknown> = {}) =>
  webhookNotifier
    .create({ type: 'webhook', url: `http://127.0.0.1:${server.port}/hook`, ...options }, ports)
    .notify(failed, new AbortController().signal)

async function failureOf(delivery: Promise<void>): Promise<DeployError> {
  const error = await delivery.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DeployError)
  return error as DeployError // as was just seen
}

test('the body is the notification, versioned, with a sentence', async () => {
  await notify({ headers: { Authorization: 'Bearer ${secret.TOKEN}', 'X-Deployctl-Event': 'mine' } })
  const [request] = received
  expect(request?.method).toBe('POST')
  expect(JSON.parse(request?.body ?? '')).toEqual({
    type: 'deployctl-notification',
    format: 1,
    summary: 'shop was not deployed to production',
    ...failed,
  })
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'deployctl',
    authorization: 'Bearer bearer-token',
    'x-deployctl-event': 'failed',
    'x-deployctl-delivery': '7f3a9c-failed',
    connection: 'close',
  })
  expect(request?.headers['x-deployctl-signature']).toBeUndefined()
})

describe('the signature', () => {
  test('covers time and body', async () => {
    await notify({ secret: '${secret.KEY}' })
    const { headers, body } = received[0]!
    const timestamp = String(headers['x-deployctl-timestamp'])
    const expected = createHmac('sha256', 'signing-key').update(`${timestamp}.${body}`).digest('hex')
    expect(headers['x-deployctl-signature']).toBe(`sha256=${expected}`)
    expect(Math.abs(Number(timestamp) * 1000 - Date.now())).toBeLessThan(60_000)
  })

  test('is verified by the example of the documentation', async () => {
    await notify({ secret: '${secret.KEY}' })
    const { headers, body } = received[0]!
    const verify = await documentedExample()
    expect(verify(headers, body, 'signing-key')).toBe(true)
    expect(verify(headers, `${body} `, 'signing-key')).toBe(false)
    expect(verify(headers, body, 'another')).toBe(false)
    const later = String(Number(headers['x-deployctl-timestamp']) + 1)
    expect(verify({ ...headers, 'x-deployctl-timestamp': later }, body, 'signing-key')).toBe(false)
    const old = sign(String(Math.floor(Date.now() / 1000) - 600), body)
    expect(verify(old, body, 'signing-key')).toBe(false)
    expect(verify({}, body, 'signing-key')).toBe(false)
  })

  function sign(timestamp: string, body: string): IncomingHttpHeaders {
    const digest = createHmac('sha256', 'signing-key').update(`${timestamp}.${body}`).digest('hex')
    return { 'x-deployctl-timestamp': timestamp, 'x-deployctl-signature': `sha256=${digest}` }
  }
})

type Verify = (headers: IncomingHttpHeaders, body: string, secret: string) => boolean

/** Runs the JavaScript that docs/notifiers.md offers to receivers. */
async function documentedExample(): Promise<Verify> {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/notifiers.md'), 'utf8')
  const code = /```js\n(.*?)```/s.exec(page)?.[1] ?? ''
  const module: unknown = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  return (module as { verify: Verify }).verify // the page exports it
}

describe('what goes wrong', () => {
  test.each<[number, Record<string, string>, 'later' | 'never', number | null]>([
    [400, {}, 'never', null],
    [404, {}, 'never', null],
    [302, { location: 'http://elsewhere.test/' }, 'never', null],
    [408, {}, 'later', null],
    [429, { 'retry-after': '7' }, 'later', 7000],
    [500, {}, 'later', null],
    [503, { 'retry-after': 'soon' }, 'later', null],
  ])('an answer of %d %j', async (status, headers, retry, retryAfterMs) => {
    answer = (response) => response.writeHead(status, headers).end('out of\n order')
    const error = await failureOf(notify())
    expect(error.message).toBe(`http://127.0.0.1:${server.port} answered ${status} "out of order"`)
    expect(error.cause).toBeInstanceOf(DeliveryRefused)
    expect(error.cause).toMatchObject({ retry, retryAfterMs })
    expect(received).toHaveLength(1)
  })

  test('an answer that never ends is read at its beginning', async () => {
    answer = (response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write('a'.repeat(10_000)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    }
    await notify()
    await expect.poll(() => server.connections(), { timeout: 10_000 }).toBe(0)
  })

  test('nothing listens, no such name, and what is not HTTP', async () => {
    const refused = await failureOf(notify({ url: `http://127.0.0.1:${await freePort()}/secret` }))
    expect(refused.message).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/ cannot be reached: nothing listens there/)
    const unknown = await failureOf(notify({ url: 'http://no-such-host.invalid/secret' }))
    expect(unknown.message).toMatch(
      /^http:\/\/no-such-host\.invalid\/ cannot be reached: (there is no host|its name cannot)/,
    )
    const mail = await serveTcp((socket) => socket.end('220 mail ESMTP\r\n'))
    const garbage = await failureOf(notify({ url: `http://127.0.0.1:${mail.port}/secret` }))
    expect(garbage.message).toMatch(/does not answer in HTTP|cannot be reached/)
    const shut = await serveTcp((socket) => socket.destroy())
    const closed = await failureOf(notify({ url: `http://127.0.0.1:${shut.port}/secret` }))
    expect(closed.message).toMatch(/cannot be reached: the connection was cut/)
    await Promise.all([mail.close(), shut.close()])
  })

  test('a user and a password in the address are sent as a header, and not shown', async () => {
    const url = `http://ada:hunter2@127.0.0.1:${server.port}/hook`
    await notify({ url })
    expect(received[0]?.headers.authorization).toBe(`Basic ${btoa('ada:hunter2')}`)
    answer = (response) => response.writeHead(500).end(`at ${url}`)
    expect((await failureOf(notify({ url }))).message).not.toContain('hunter2')
  })

  test('a secret that is no address, or missing, is named', async () => {
    const nonsense = await failureOf(notify({ url: '${secret.NONSENSE}' }))
    expect(nonsense).toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'What is behind ${secret.NONSENSE} is not an http:// or https:// address.',
    })
    expect((await failureOf(notify({ url: '${secret.GONE}' }))).code).toBe('SECRET_MISSING')
  })
})

describe('what can never work is refused before anything is sent', () => {
  test.each(['ftp://host/', 'http://', 'host/hook', 'ftp://host/${secret.KEY}'])('url %s', (url) => {
    expect(() => webhookNotifier.create({ type: 'webhook', url }, ports)).toThrow(/is not an http/)
  })

  test.each(['https://host/', 'https://host/${secret.KEY}', '${secret.KEY}', '${secret.KEY}/hook'])(
    'but %s',
    (url) => {
      expect(() => webhookNotifier.create({ type: 'webhook', url }, ports)).not.toThrow()
      expect(admits(webhookNotifier.schema, { type: 'webhook', url })).toBe(true)
    },
  )

  test('headers with impossible names', () => {
    const spec = { type: 'webhook', url: 'https://host/', headers: { 'a:b': 'c' } }
    expect(() => webhookNotifier.create(spec, ports)).toThrow(/"a:b" is not the name of an HTTP header/)
  })
})

test('Retry-After is seconds or a date', () => {
  const now = new Date('2024-05-01T03:00:00Z')
  expect(parseRetryAfter('30', now)).toBe(30_000)
  expect(parseRetryAfter('Wed, 01 May 2024 03:00:05 GMT', now)).toBe(5000)
  expect(parseRetryAfter('Wed, 01 May 2024 02:00:00 GMT', now)).toBe(0)
  expect(parseRetryAfter('soon', now)).toBeNull()
  expect(parseRetryAfter(null, now)).toBeNull()
})
