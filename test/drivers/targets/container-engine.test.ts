/** Finding the engine, and what is said when it is not there, refuses, hangs, or is none. */
import { createHash } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createNetServer } from 'node:net'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findEngine } from '../../../src/drivers/targets/container/engine/address.js'
import { engineAt } from '../../../src/drivers/targets/container/engine/engine.js'
import { troubleWith } from '../../../src/drivers/targets/container/engine/trouble.js'
import type { HostLink } from '../../../src/model/host.js'
import type { TargetScope } from '../../../src/model/target.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { testScope } from '../../support/shares.js'

let ports: DriverPorts
let servers: Server[] = []
beforeEach(async () => {
  ports = await driverPorts()
})
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  servers = []
  await ports.remove()
})

const never = new AbortController().signal
const list = { doing: 'list things', method: 'GET', path: '/things' } as const

async function put(file: string, content: string): Promise<void> {
  const path = join(ports.projectDirectory, file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}
async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  const socket = join(ports.projectDirectory, `engine-${servers.length}.sock`)
  await new Promise<void>((done) => server.listen(socket, done))
  return socket
}
/** Says its version as an engine does; anything else is the test's. */
const engineThat =
  (answer: RequestListener, version = '{"ApiVersion":"1.41"}'): RequestListener =>
  (request, response) => {
    if (request.url?.startsWith('/version') === true)
      response.setHeader('content-type', 'application/json').end(version)
    else answer(request, response)
  }

describe('where the engine is', () => {
  const find = (written: Parameters<typeof findEngine>[0], env: Readonly<Record<string, string>> = {}) =>
    findEngine(written, testScope, { ...ports, env: { HOME: ports.projectDirectory, ...env } })

  test('deploy.yaml comes first, then DOCKER_HOST, then the context, then the usual socket', async () => {
    expect(await find({})).toMatchObject({ kind: 'socket', path: '/var/run/docker.sock' })
    const id = createHash('sha256').update('build').digest('hex')
    await put('.docker/config.json', '{"currentContext":"build"}')
    await put(
      `.docker/contexts/meta/${id}/meta.json`,
      '{"Endpoints":{"docker":{"Host":"tcp://10.0.0.7:2376"}}}',
    )
    await put(`.docker/contexts/tls/${id}/docker/ca.pem`, 'authority')
    const context = { kind: 'tcp', host: '10.0.0.7', port: 2376, tls: { ca: Buffer.from('authority') } }
    expect(await find({})).toMatchObject(context)
    expect(await find({}, { DOCKER_CONTEXT: 'default' })).toMatchObject({ path: '/var/run/docker.sock' })
    const env = { DOCKER_HOST: 'unix:///run/other.sock' }
    expect(await find({}, env)).toMatchObject({
      kind: 'socket',
      path: '/run/other.sock',
      from: 'DOCKER_HOST',
    })
    expect(await find({ context: 'build' }, env)).toMatchObject(context)
    expect(await find({ host: 'tcp://h' }, env)).toMatchObject({ host: 'h', port: 2375, tls: null })
    expect(await find({ socket: 'my.sock' }, env)).toMatchObject({
      path: join(ports.projectDirectory, 'my.sock'),
    })
  })

  test('DOCKER_TLS_VERIFY takes the files of DOCKER_CERT_PATH', async () => {
    for (const file of ['ca', 'cert', 'key']) await put(`certs/${file}.pem`, file)
    const env = {
      DOCKER_HOST: 'tcp://h:2376',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: join(ports.projectDirectory, 'certs'),
    }
    const parts = { ca: Buffer.from('ca'), cert: Buffer.from('cert'), key: Buffer.from('key') }
    expect(await find({}, env)).toMatchObject({ kind: 'tcp', tls: parts })
    await rm(join(ports.projectDirectory, 'certs/key.pem'))
    await expect(find({}, env)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  test.each([
    ['ssh://', /names no engine/],
    ['npipe:////./pipe/docker', /names no engine/],
    ['nonsense', /names no engine/],
  ])('DOCKER_HOST=%s is refused in words', async (host, says) => {
    await expect(find({}, { DOCKER_HOST: host })).rejects.toThrow(says)
  })

  test('an address behind SSH leads to the usual socket there, or to the one that it names', async () => {
    const linkTo: TargetScope['linkTo'] = (host) => ({ host }) as unknown as HostLink // only asked who it is
    const there = (text: string) => findEngine({ host: text }, { link: null, linkTo }, ports)
    expect(await there('ssh://deploy@build.example.com:2222')).toMatchObject({
      kind: 'ssh',
      path: '/var/run/docker.sock',
      where: '/var/run/docker.sock of build.example.com',
      link: { host: { address: 'build.example.com', user: 'deploy', port: 2222 } },
    })
    const own = await there('ssh://build/run/user/1000/docker.sock')
    expect(own).toMatchObject({
      path: '/run/user/1000/docker.sock',
      link: { host: { user: null, port: null } },
    })
  })

  test('a context that is not there is refused', async () => {
    await expect(find({ context: 'gone' })).rejects.toThrow(/the Docker context "gone", which is not there/)
  })
})

describe('an engine that does not serve', () => {
  const ask = (socket: string, signal = never, deadlineMs = 30_000) =>
    engineAt({ socket }, testScope, ports).ask({ ...list, deadlineMs }, signal)

  test('no socket', async () => {
    await expect(ask('/no/such.sock')).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringContaining('there is no engine at /no/such.sock') as string,
      details: ['the address is that of engine.socket'],
    })
  })

  test('a socket that nobody answers', async () => {
    const socket = join(ports.projectDirectory, 'dead.sock')
    const server = createNetServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    await new Promise((done) => server.close(done))
    await expect(
      engineAt({ host: `tcp://127.0.0.1:${port}` }, testScope, ports).ask(list, never),
    ).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringContaining('the connection was refused') as string,
    })
    await writeFile(socket, '')
    await expect(ask(socket)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' })
  })

  test('no permission', () => {
    const refused = Object.assign(new Error('connect EACCES'), { code: 'EACCES' })
    const address = { kind: 'socket', path: '/s', where: '/s', from: 'DOCKER_HOST' } as const
    expect(troubleWith(refused, 'list things', address)).toMatchObject({
      code: 'PERMISSION_DENIED',
      hint: expect.stringContaining('group') as string,
    })
  })

  test.each([
    [
      'an engine that is too old',
      '{"ApiVersion":"1.24"}',
      'speaks version 1.24 of Docker’s API; 1.41 or later is needed',
    ],
    ['something that is no engine', 'hello', 'speaks no Docker API'],
  ])('%s', async (_, version, says) => {
    const socket = await listening(engineThat((_request, response) => response.end('[]'), version))
    await expect(ask(socket)).rejects.toMatchObject({
      code: 'HOST_UNFIT',
      message: expect.stringContaining(says) as string,
    })
  })

  test('a refusal keeps the engine’s own words', async () => {
    const socket = await listening(
      engineThat((_request, response) =>
        response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"disk on fire"}'),
      ),
    )
    await expect(ask(socket)).rejects.toMatchObject({ code: 'TARGET_REFUSED', details: ['disk on fire'] })
  })

  test('one that hangs meets the deadline, before and within its answer', async () => {
    const silent = await listening(engineThat(() => undefined))
    await expect(ask(silent, never, 50)).rejects.toMatchObject({ code: 'TIMEOUT' })
    const halting = await listening(engineThat((_request, response) => void response.write('[')))
    await expect(ask(halting, never, 50)).rejects.toMatchObject({ code: 'TIMEOUT' })
    const stream = engineAt({ socket: halting }, testScope, ports).stream(
      list,
      { stallMs: 50, onBytes: () => undefined },
      never,
    )
    await expect(stream).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('the caller’s signal ends a question at once', async () => {
    const stop = new AbortController()
    const silent = await listening(engineThat(() => stop.abort()))
    await expect(ask(silent, stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(ask(silent, stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
