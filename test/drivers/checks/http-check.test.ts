import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DeployError } from '../../../src/base/deploy-error.js'
import { bodyLimitBytes } from '../../../src/drivers/checks/http-exchange.js'
import { httpCheck } from '../../../src/drivers/checks/http-check.js'
import { admits } from '../../contract/driver-schema.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { freePort, serveHttp, serveHttps, serveTcp, type Loopback } from '../../contract/loopback.js'
import { nowhere } from '../../support/nowhere.js'

/** Stands for `ssh -W`. */
const tunnel = (host: string, port: number): readonly string[] => [
  process.execPath,
  '-e',
  `const s = require('net').connect(${port}, '${host}'); process.stdin.pipe(s).pipe(process.stdout)`,
]

let ports: DriverPorts
const open: Loopback[] = []

beforeEach(async () => {
  ports = await driverPorts({ TOKEN: 's3cret-token', BROKEN: 'line\nbreak' })
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
  await ports.remove()
})

async function opened(server: Promise<Loopback>): Promise<Loopback> {
  open.push(await server)
  return server
}

/** Probes a server that answers like this; the address is left out of what was seen. */
async function probeOf(listener: RequestListener, options: Record<string, unknown> = {}, path = '/health') {
  const server = await opened(serveHttp(listener))
  const answer = await probe({ url: `http://127.0.0.1:${server.port}${path}`, ...options })
  expect(await server.connections()).toBeLessThan(2)
  return { ...answer, seen: answer.seen.replaceAll(`127.0.0.1:${server.port}`, 'HOST') }
}

function probe(options: Record<string, unknown>, signal = new AbortController().signal) {
  const spec = { type: 'http', ...options }
  expect(admits(httpCheck.schema, spec)).toBe(true)
  return httpCheck.create(spec, ports).probe(nowhere, signal)
}

const says =
  (status: number, body = '', headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers).end(body)
  }

describe('what is well', () => {
  test.each<[string, RequestListener, Record<string, unknown>]>([
    ['200 by default', says(200), {}],
    ['299 by default', says(299), {}],
    ['a single status', says(503), { status: 503 }],
    ['a status as text', says(204), { status: '204' }],
    ['a range', says(302, '', { location: '/login' }), { status: '300-399' }],
    ['a list of both', says(404), { status: [200, '400-409'] }],
    ['text', says(200, 'database: up\n'), { contains: ': up' }],
    ['a pattern at a line', says(200, 'one\nversion 1.4\n'), { matches: '^version 1\\.\\d$' }],
    ['a header', says(200, '', { 'X-Version': '1.4.2' }), { expectHeaders: { 'x-version': '1.4.2' } }],
    [
      'a header with a star',
      says(200, '', { 'content-type': 'application/json; charset=utf-8' }),
      { expectHeaders: { 'Content-Type': 'application/json*' } },
    ],
    ['any header', says(200, '', { etag: '"x"' }), { expectHeaders: { ETag: '*' } }],
    ['HEAD', says(200, 'not sent'), { method: 'HEAD' }],
  ])('%s', async (_, listener, options) => {
    const answer = await probeOf(listener, options)
    expect(answer.healthy).toBe(true)
    expect(answer.seen).toMatch(/^\w+ http:\/\/HOST\/health answered \d+$/)
  })

  test('an answer whose body never ends, when the body does not matter', async () => {
    const answer = await probeOf((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: tick\n\n')
    })
    expect(answer.healthy).toBe(true)
  })

  test('text after which the body goes on for ever is not waited out', async () => {
    const answer = await probeOf(endless, { contains: 'aaa' })
    expect(answer.healthy).toBe(true)
  })
})

function endless(_request: IncomingMessage, response: ServerResponse): void {
  const more = () => {
    while (!response.destroyed && response.write('a'.repeat(10_000)));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

describe('what is wrong is said so that one can act', () => {
  const page = '<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>'
  test.each<[string, RequestListener, Record<string, unknown>, string]>([
    [
      'the status and the body',
      says(500, 'db: connection refused'),
      {},
      'answered 500 "db: connection refused"',
    ],
    ['an empty body', says(404), {}, 'answered 404'],
    ['a page of HTML', says(502, page), {}, 'answered 502 "502 Bad Gateway nginx"'],
    ['what was wanted', says(200), { status: [204, '300-399'] }, 'answered 200, not 204, 300-399'],
    ['a redirect', says(302, '', { location: '/login?next=token' }), {}, 'answered 302 to /login'],
    [
      'text',
      says(200, 'starting'),
      { contains: 'up' },
      'answered 200, but its body lacks the text "up": "starting"',
    ],
    [
      'no text',
      says(200),
      { contains: 'up' },
      'answered 200, but its body lacks the text "up" (it is empty)',
    ],
    [
      'a pattern',
      says(200, 'no'),
      { matches: '^yes' },
      'answered 200, but its body does not match /^yes/: "no"',
    ],
    [
      'a header',
      says(200, '', { server: 'old' }),
      { expectHeaders: { Server: 'new*' } },
      'answered 200, but its header Server is "old", not "new*"',
    ],
    [
      'no header',
      says(200),
      { expectHeaders: { 'X-Version': '1.4.2' } },
      'answered 200, but without the header X-Version ("1.4.2" is wanted)',
    ],
    ['escape sequences', says(500, '\u001b[2Jgone\u0007 wrong'), {}, 'answered 500 "[2Jgone wrong"'],
  ])('%s', async (_, listener, options, seen) => {
    expect(await probeOf(listener, options)).toMatchObject({
      healthy: false,
      seen: `GET http://HOST/health ${seen}`,
    })
  })

  test('more of the body than one line comes as details', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `reason ${index}`)
    const answer = await probeOf(says(500, lines.join('\n')))
    expect(answer.details).toEqual(lines.slice(0, 10))
  })

  test('a body is read to its limit and no further', async () => {
    const text = `${'a'.repeat(bodyLimitBytes)}needle`
    expect((await probeOf(says(200, text), { contains: 'needle' })).seen).toContain(
      'the first 64 KiB of its body lacks',
    )
    expect((await probeOf(endless, { contains: 'needle' })).healthy).toBe(false)
  })

  test.each<[string, (port: number) => Promise<Loopback>, RegExp]>([
    [
      'a connection closed at once',
      () => serveTcp((socket) => socket.destroy()),
      /closed the connection without/,
    ],
    [
      'something that is not HTTP',
      () => serveTcp((socket) => socket.end('220 mail ESMTP\r\n')),
      /is not HTTP/,
    ],
    [
      'a body cut off',
      () => serveTcp((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')),
      /closed the connection|no answer/,
    ],
  ])('%s', async (_, serve, seen) => {
    const server = await opened(serve(0))
    const answer = await probe({ url: `http://127.0.0.1:${server.port}/`, contains: 'whole' })
    expect(answer.healthy).toBe(false)
    expect(answer.seen).toMatch(seen)
  })

  test('nothing listens', async () => {
    const port = await freePort()
    const refused = `nothing listens on 127.0.0.1:${port} (connection refused)`
    expect((await probe({ url: `http://127.0.0.1:${port}/x` })).seen).toBe(
      `GET http://127.0.0.1:${port}/x: ${refused}`,
    )
  })

  test('a name that does not exist', async () => {
    const answer = await probe({ url: 'http://no-such-host.invalid/' })
    expect(answer.seen).toMatch(
      /the host name of no-such-host.invalid:80 (is not known|could not be looked up)/,
    )
  })

  test('how far it came when time was up', async () => {
    const seen = async (listener: RequestListener, options: Record<string, unknown> = {}) => {
      const server = await opened(serveHttp(listener))
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 50)
      return (await probe({ url: `http://127.0.0.1:${server.port}/`, ...options }, controller.signal)).seen
    }
    expect(await seen(() => {})).toMatch(/gave no answer within \d+ms \(the connection was accepted\)$/)
    expect(await seen((_, response) => response.writeHead(500).write('x'))).toMatch(
      /answered 500, but did not finish its answer within/,
    )
  })
})

describe('redirects', () => {
  const to =
    (location: string): RequestListener =>
    (request, response) => {
      if (request.url === '/end')
        response.end(`${request.method} ${String(request.headers['x-key'] ?? 'no key')}`)
      else response.writeHead(302, { location }).end()
    }

  test('are followed when asked for, and the way is told', async () => {
    const answer = await probeOf(to('/end'), { redirects: 'follow', contains: 'GET' }, '/')
    expect(answer).toEqual({ healthy: true, seen: 'GET http://HOST/ → http://HOST/end answered 200' })
  })

  test('end after five', async () => {
    const answer = await probeOf(to('/again'), { redirects: 'follow' }, '/')
    expect(answer.healthy).toBe(false)
    expect(answer.seen.match(/→/g)).toHaveLength(5)
    expect(answer.seen).toMatch(/answered 302 to \/again$/)
  })

  test('headers stay with their origin', async () => {
    const headers = { 'X-Key': '${secret.TOKEN}' }
    const other = await opened(serveHttp(to('')))
    const options = { redirects: 'follow', headers, contains: 'no key' }
    const elsewhere = await probeOf(to(`http://127.0.0.1:${other.port}/end`), options, '/')
    expect(elsewhere.healthy).toBe(true)
    const here = await probeOf(to('/end'), { ...options, contains: 's3cret-token' }, '/')
    expect(here.healthy).toBe(true)
  })

  test.each(['ftp://127.0.0.1/', 'http://[', ''])('to "%s" are the answer', async (location) => {
    expect((await probeOf(to(location), { redirects: 'follow' }, '/')).seen).toContain('answered 302')
  })
})

describe('what is sent', () => {
  test('method, Host and secret headers; the connection is not kept', async () => {
    const answer = await probeOf(
      (request, response) => {
        const { host, authorization, connection } = request.headers
        response.end(JSON.stringify({ method: request.method, host, authorization, connection }))
      },
      {
        method: 'POST',
        headers: { Host: 'shop.test', Authorization: 'Bearer ${secret.TOKEN}' },
        contains:
          '{"method":"POST","host":"shop.test","authorization":"Bearer s3cret-token","connection":"close"}',
      },
    )
    expect(answer.healthy).toBe(true)
  })

  test('a secret that is echoed is not shown', async () => {
    const echo: RequestListener = (request, response) => {
      response.writeHead(500).end(`no entry for ${request.headers.authorization ?? ''}\nnor for anybody`)
    }
    const answer = await probeOf(echo, { headers: { Authorization: 'Bearer ${secret.TOKEN}' } })
    expect(answer.seen).toContain('no entry for Bearer ***')
    expect(JSON.stringify(answer)).not.toContain('s3cret')
  })

  test('a secret that cannot be a header, or is missing, can never work', async () => {
    const server = await opened(serveHttp(says(200)))
    const url = `http://127.0.0.1:${server.port}/`
    const broken = probe({ url, headers: { 'X-Key': '${secret.BROKEN}' } })
    await expect(broken).rejects.toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    await expect(broken).rejects.not.toThrow(/line\nbreak/)
    await expect(probe({ url, headers: { 'X-Key': '${secret.GONE}' } })).rejects.toThrow(DeployError)
  })

  test('IPv6', async () => {
    const server = await opened(serveHttp(says(200), '::1'))
    expect((await probe({ url: `http://[::1]:${server.port}/` })).healthy).toBe(true)
    const port = await freePort()
    expect((await probe({ url: `http://[::1]:${port}/` })).seen).toContain(`nothing listens on [::1]:${port}`)
  })
})

describe('TLS', () => {
  function certificate(name: string) {
    const [key, cert] = [`${name}.key`, `${name}.pem`].map((file) => join(ports.projectDirectory, file)) as [
      string,
      string,
    ] // two in, two out
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ]
    execFileSync('openssl', [...made, '-keyout', key, '-out', cert, ...subject], { stdio: 'pipe' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  }

  test.each([
    ['asked directly', null],
    ['asked through a command', tunnel],
  ])('trust comes from the ca file, the name from serverName, or all is accepted: %s', async (_, through) => {
    const probe = (options: Record<string, unknown>) =>
      httpCheck
        .create({ type: 'http', ...options }, ports)
        .probe({ ...nowhere, tunnel: through }, new AbortController().signal)
    const server = await opened(serveHttps(certificate('shop.test'), says(200, 'safe')))
    const url = `https://127.0.0.1:${server.port}/`
    expect((await probe({ url })).seen).toMatch(/is self-signed: name its authority in tls\.ca/)
    expect((await probe({ url, tls: { ca: 'shop.test.pem' } })).seen).toMatch(
      /is for another name: set tls.serverName/,
    )
    expect((await probe({ url, tls: { ca: 'shop.test.pem', serverName: 'shop.test' } })).healthy).toBe(true)
    expect((await probe({ url, tls: { ca: 'shop.test.pem' }, headers: { Host: 'shop.test' } })).healthy).toBe(
      true,
    )
    expect((await probe({ url, tls: { insecure: true }, contains: 'safe' })).healthy).toBe(true)
  })

  test('plain HTTP on the other side', async () => {
    const server = await opened(serveHttp(says(200)))
    const answer = await probe({ url: `https://127.0.0.1:${server.port}/` })
    expect(answer.seen).toContain('does not speak TLS')
  })

  test('an authority that is not there can never work', async () => {
    const missing = probe({ url: 'https://127.0.0.1:1/', tls: { ca: 'gone.pem' } })
    await expect(missing).rejects.toThrow(/certificate authority .*gone\.pem .* cannot be read/)
  })
})

describe('options that can never work are refused before anything is asked', () => {
  test.each<[Record<string, unknown>, RegExp]>([
    [{ url: 'http://' }, /is not an http:\/\/ or https:\/\/ address/],
    [{ url: 'ftp://host/' }, /is not an http/],
    [{ url: 'http://user:pass@host/' }, /holds a user or password/],
    [{ url: 'http://host/', matches: '(' }, /"\(" for matches is not a regular expression/],
    [{ url: 'http://host/', status: '299-200' }, /"299-200" is no HTTP status/],
    [{ url: 'http://host/', headers: { 'a b': 'c' } }, /"a b" is not the name of an HTTP header/],
  ])('%j', (options, message) => {
    expect(() => httpCheck.create({ type: 'http', ...options }, ports)).toThrow(message)
    expect(() => httpCheck.create({ type: 'http', ...options }, ports)).toThrow(DeployError)
  })

  test('a password is not repeated', () => {
    const make = () => httpCheck.create({ type: 'http', url: 'http://user:hunter2@host/' }, ports)
    expect(make).not.toThrow(/hunter2/)
  })

  test.each([
    { status: '2xx' },
    { status: 42 },
    { status: [] },
    { redirects: true },
    { tls: { key: 'x' } },
    { url: 'host' },
  ])('by the schema: %j', (options) => {
    expect(admits(httpCheck.schema, { type: 'http', url: 'http://host/', ...options })).toBe(false)
  })
})
