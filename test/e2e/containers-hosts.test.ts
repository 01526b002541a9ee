/**
 * Containers on two real machines over SSH, each with an engine of its own that only the machine's socket leads to: the
 * built program deploys, upgrades, unwinds and looks inside, host by host, with nothing but sshd there.
 */
import { connect, createServer, type Server } from 'node:net'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployctl, type CliResult } from '../support/built-cli.js'
import { appImage, pushImage, type AppParts } from '../support/containers/app-image.js'
import { askEngine } from '../support/containers/engine-api.js'
import { ownEngine, removeByLabel, sharedEngine, uniqueName } from '../support/containers/engine.js'
import type { ListedContainer } from '../support/containers/container-project.js'
import { addressOf, describeWith } from '../support/needs.js'
import { startSshHost, writeSshConfig, type SshHost } from '../support/ssh-host.js'

describeWith('docker-engine', 'containers on hosts', () => {
  describeWith('ssh-hosts', 'over SSH', () => {
    const ends: (() => unknown)[] = []
    let hosts: readonly SshHost[]
    let sockets: readonly string[]
    let folder: string
    let registry: string
    let project: string

    beforeAll(async () => {
      const shared = sharedEngine()
      project = uniqueName(shared, 'hosts')
      const second = await ownEngine()
      ends.push(
        () => second.stop(),
        () => removeByLabel(shared, `deployctl.project=${project}`),
      )
      sockets = [shared.socket, second.socket]
      hosts = await Promise.all([startSshHost(), startSshHost()])
      for (const [at, host] of hosts.entries()) {
        ends.unshift(() => host.stop())
        const server = await leadTo(join(host.root, 'run/docker.sock'), sockets[at] ?? '')
        ends.unshift(() => server.close())
      }
      folder = await mkdtemp(join(tmpdir(), 'deployctl-far-'))
      ends.push(() => rm(folder, { recursive: true, force: true }))
      await writeSshConfig(
        folder,
        hosts.map(({ port }) => port),
      )
      // as test/services/docker-registry.mjs says it
      registry = (JSON.parse(addressOf('docker-registry')) as { readonly open: string }).open
    }, 120_000)
    afterAll(async () => {
      for (const end of ends) await end()
    })

    const publish = (version: string, parts: Omit<AppParts, 'version'> = {}) =>
      pushImage(registry, `${project}/web`, version, appImage(sharedEngine(), { version, ...parts }))
    const configure = (
      version: string,
      target = 'hosts: app',
      name = project,
      where = folder,
      deadline = '20s',
    ) =>
      writeFile(
        join(where, 'deploy.yaml'),
        `version: 1
project: ${name}
ssh: { config: '${join(folder, 'ssh_config')}' }
sources: { web: { type: oci, image: ${registry}/${project}/web } }
services:
  web:
    source: web
    version: ${version}
    target: { type: container, ${target}, port: 8080, replicas: 2, stopTimeout: 2s }
    strategy: { type: rolling, drain: 1s, monitor: 100ms }
healthChecks:
  ready: { type: http, path: /health, interval: 200ms, timeout: 3s, deadline: ${deadline} }
  port: { type: tcp, interval: 200ms, timeout: 5s, deadline: 20s }
hosts:
  app:
${hosts.map(({ port }, at) => `    - { name: web${at + 1}, address: 127.0.0.1, user: root, port: ${port} }`).join('\n')}
`,
      )
    const run = (...words: string[]) => deployctl(words, { directory: folder })
    const well = (result: CliResult) => expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(0)
    /** Versions that run, by engine. */
    const running = () =>
      Promise.all(
        sockets.map(async (socket) => {
          const filters = encodeURIComponent(JSON.stringify({ label: [`deployctl.project=${project}`] }))
          const all = (await askEngine(socket, `/containers/json?filters=${filters}`)) as ListedContainer[]
          return all.map(({ Labels }) => Labels['deployctl.release']).sort()
        }),
      )

    test('are deployed and upgraded on each, and found as they are recorded', async () => {
      await publish('1.0.0')
      await publish('1.0.1')
      await configure('1.0.0')
      well(await run('apply', '--auto-approve'))
      expect(await running()).toEqual([
        ['1.0.0', '1.0.0'],
        ['1.0.0', '1.0.0'],
      ])
      await configure('1.0.1')
      well(await run('apply', '--auto-approve'))
      expect(await running()).toEqual([
        ['1.0.1', '1.0.1'],
        ['1.0.1', '1.0.1'],
      ])
      expect(await run('plan', '--detailed-exitcode')).toMatchObject({ code: 0 })
    }, 180_000)

    test('are unwound on each when one fails', async () => {
      await publish('1.0.2', { env: { APP_HEALTH: 'fail', APP_HEALTH_SAYS: 'no database' } })
      await configure('1.0.2', 'hosts: app', project, folder, '4s')
      const failed = await run('apply', '--auto-approve')
      expect(failed).toMatchObject({ code: 5 })
      expect(failed.stderr).toContain('no database')
      expect(await running()).toEqual([
        ['1.0.1', '1.0.1'],
        ['1.0.1', '1.0.1'],
      ])
      await configure('1.0.1')
    }, 180_000)

    test('are looked into from here', async () => {
      const ran = await run('exec', 'web', '--', '/app', 'echo', 'hello')
      expect(ran).toMatchObject({ code: 0, stdout: 'hello\n' })
      const logs = await run('logs', 'web', '--tail', '5')
      expect((logs.stdout + logs.stderr).split('\n').filter((line) => line.includes('listens'))).toHaveLength(
        4,
      )
    }, 60_000)

    test('an address ssh://… leads to one engine as well, and one that is not there is said so', async () => {
      const one = join(folder, 'one')
      await mkdir(one)
      const engine = `ssh://root@127.0.0.1:${hosts[1]?.port ?? 0}`
      const target = `engine: { host: '${engine}' }`
      await configure('1.0.1', target, `${project}-one`, one)
      // what looks for a port has no host to look from
      const yaml = (await readFile(join(one, 'deploy.yaml'), 'utf8')).replace(/^  port: .*$/m, '')
      await writeFile(join(one, 'deploy.yaml'), yaml)
      well(await deployctl(['apply', '--auto-approve'], { directory: one }))
      const ran = await deployctl(['exec', 'web', '--', '/app', 'echo', 'here'], { directory: one })
      expect(ran).toMatchObject({ code: 0, stdout: 'here\n' })
      await configure('1.0.1', 'hosts: app, engine: { socket: /run/no-engine.sock }')
      const missing = await run('plan')
      expect(missing.code).toBe(1)
      await configure('1.0.1', `hosts: app, router: { type: haproxy, listen: 18080 }`)
      const refused = await run('plan')
      expect(refused.stdout + refused.stderr).toContain('cannot be seen')
    }, 60_000)
  })
})

/** A Unix socket at which another one answers. */
async function leadTo(path: string, socket: string): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(socket)
    near.pipe(far).pipe(near)
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
  })
  await new Promise<void>((done, failed) => server.once('error', failed).listen(path, done))
  return server
}
