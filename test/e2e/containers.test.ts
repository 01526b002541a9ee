/** Containers with the built program on a real engine: deployed from a real registry, upgraded, unwound, mended, rolled back. */
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startLoad } from '../../bench/containers/load.js'
import { holdWebSockets } from '../../bench/containers/web-sockets.js'
import { freePort } from '../contract/loopback.js'
import { agentChild } from '../support/agent-child.js'
import type { CliResult } from '../support/built-cli.js'
import {
  containerProject,
  type ContainerProject,
  type ListedContainer,
  type ServiceSettings,
} from '../support/containers/container-project.js'
import { askEngine, callEngine } from '../support/containers/engine-api.js'
import { sharedEngine } from '../support/containers/engine.js'
import { describeWith } from '../support/needs.js'

/** For what somebody else does meanwhile. */
const patience = { timeout: 60_000, interval: 200 }

describeWith('docker-engine', 'containers', () => {
  let project: ContainerProject
  let folder: string
  /** That of HAProxy. */
  let port: number

  beforeAll(async () => {
    project = await containerProject(sharedEngine())
    folder = project.folder
    port = await freePort()
  })
  afterAll(() => project.end())

  const publish = (version: string) => project.publish(version)
  const configure = (version: string, settings: ServiceSettings = {}) => project.configure(version, settings)
  const run = (...words: string[]) => project.run(words)
  const apply = () => project.apply()
  const containers = () => project.containers()
  const running = () => project.running()
  /** What went wrong is the message of the test. */
  const well = (result: CliResult): void => {
    expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(0)
  }
  const settled = async () => {
    expect(await run('plan', '--detailed-exitcode')).toMatchObject({ code: 0 })
  }

  test('a first deployment starts every copy, and an upgrade replaces them', async () => {
    await publish('1.0.0')
    await publish('1.0.1')
    await configure('1.0.0')
    well(await apply())
    expect(await running()).toEqual(['1.0.0', '1.0.0'])
    await settled()
    await configure('1.0.1')
    const plan = await run('plan')
    expect(plan.stdout).toContain('start')
    expect(plan.stdout).toContain('stop')
    well(await apply())
    expect(await running()).toEqual(['1.0.1', '1.0.1'])
    expect(await containers()).toHaveLength(2)
    await settled()
  }, 120_000)

  test('more copies and fewer touch only the difference', async () => {
    const ids = new Set((await containers()).map(({ Id }) => Id))
    await configure('1.0.1', { replicas: 5 })
    well(await apply())
    const five = await containers()
    expect(five).toHaveLength(5)
    expect(five.filter(({ Id }) => ids.has(Id))).toHaveLength(2)
    await settled()
    await configure('1.0.1', { replicas: 1 })
    well(await apply())
    expect(await running()).toEqual(['1.0.1'])
    await settled()
    await configure('1.0.1')
    well(await apply())
  }, 120_000)

  test('a copy that was killed or changed by hand is named and mended, and no other is touched', async () => {
    const [first, second] = await containers()
    await callEngine(project.engine.socket, 'POST', `/containers/${first!.Id}/kill`)
    const plan = await run('plan')
    expect(plan.stdout).toContain(first!.Labels['deployctl.instance'])
    well(await apply())
    expect(await running()).toEqual(['1.0.1', '1.0.1'])
    expect((await containers()).map(({ Id }) => Id)).toContain(second!.Id)
    await settled()
    const edited = await containers()
    const { Id, Labels } = edited[0]!
    const limits = { Memory: 64 * 2 ** 20, MemorySwap: -1 }
    await callEngine(project.engine.socket, 'POST', `/containers/${Id}/update`, { body: limits })
    const changes = await run('plan')
    expect(changes.stdout).toContain(Labels['deployctl.instance'])
    expect(changes.stdout).toContain('memory: no limit → 64MiB')
    well(await apply())
    expect((await containers()).map((one) => one.Id)).not.toContain(Id)
    expect((await containers()).map((one) => one.Id)).toContain(edited[1]!.Id)
    await settled()
  }, 120_000)

  test('a name in a network that was taken away by hand is named and given again, and no copy is touched', async () => {
    const network = `${project.name}-names`
    const { socket } = project.engine
    const own = { Name: network, Labels: { 'deployctl.project': project.name } }
    await callEngine(socket, 'POST', '/networks/create', { body: own })
    const before = (await containers()).map(({ Id }) => Id).sort()
    await configure('1.0.1', { target: `router: { type: alias, network: ${network} }` })
    well(await apply())
    await settled()
    const [first] = await containers()
    await callEngine(socket, 'POST', `/networks/${network}/disconnect`, { body: { Container: first!.Id } })
    const plan = await run('plan')
    expect(plan.stdout.replace(/\s+/g, ' ')).toContain(
      `The router sends nothing to ${first!.Labels['deployctl.instance']}.`,
    )
    well(await apply())
    await settled()
    expect((await containers()).map(({ Id }) => Id).sort()).toEqual(before)
    // without the router they leave its network
    await configure('1.0.1')
    well(await apply())
    expect(await askEngine(socket, `/networks/${network}`)).toMatchObject({ Containers: {} })
    await settled()
  }, 120_000)

  test('an agent makes a dead and a missing copy again within an interval, frozen or not, and deploys a tag that is pushed again', async () => {
    const yaml = join(folder, 'deploy.yaml')
    await writeFile(yaml, `${await readFile(yaml, 'utf8')}agent: { interval: 1s }\n`)
    well(await run('freeze', '--reason', 'sale week'))
    const agent = agentChild(folder)
    await agent.line('is as deploy.yaml asks')
    const [dead, other] = await containers()
    await callEngine(project.engine.socket, 'POST', `/containers/${dead!.Id}/kill`)
    await agent.line('web v1.0.1 is to be put right')
    await vi.waitFor(async () => expect(await running()).toEqual(['1.0.1', '1.0.1']), patience)
    await callEngine(project.engine.socket, 'DELETE', `/containers/${other!.Id}?force=true`)
    await vi.waitFor(async () => {
      expect(await running()).toEqual(['1.0.1', '1.0.1'])
      expect((await containers()).map(({ Id }) => Id)).not.toContain(other!.Id)
    }, patience)
    const before = (await containers()).map(({ Id }) => Id)
    await project.publish('1.0.1', { env: { APP_VERSION: '1.0.1', APP_NOTE: 'pushed again' } })
    await agent.line('frozen by')
    expect((await containers()).map(({ Id }) => Id).sort()).toEqual([...before].sort())
    well(await run('unfreeze'))
    await agent.line('published again with other content')
    await agent.line('web v1.0.1 is deployed')
    await vi.waitFor(async () => {
      const now = await containers()
      expect(now.filter(({ Id }) => before.includes(Id))).toEqual([])
      expect(await running()).toEqual(['1.0.1', '1.0.1'])
    }, patience)
    expect(await agent.end('SIGTERM')).toBe(0)
    expect(await running()).toEqual(['1.0.1', '1.0.1'])
    await configure('1.0.1')
    await settled()
  }, 120_000)

  test('a further platform under a tag is no update, other content under it is', async () => {
    const here = process.arch === 'arm64' ? 'arm64' : 'amd64'
    const other = here === 'arm64' ? 'amd64' : 'arm64'
    await project.publishIndex('1.1.0', [here])
    await configure('1.1.0')
    well(await apply())
    await project.publishIndex('1.1.0', [other, here])
    await settled()
    await project.publish('1.1.0', { env: { APP_LINES: '1' } })
    const plan = await run('plan', '--detailed-exitcode')
    expect(plan).toMatchObject({ code: 2 })
    expect(plan.stdout).toContain('v1.1.0 was published again with other content')
    await configure('1.0.1')
    well(await apply())
  }, 120_000)

  test('with keepWarm the old copies stay up, and a rollback starts nothing', async () => {
    await publish('1.2.0')
    const strategy = '{ type: blue-green, keepWarm: 45m, monitor: 1s, drain: 1s }'
    await configure('1.2.0', { strategy })
    const old = (await containers()).map(({ Id }) => Id)
    well(await apply())
    expect(await running()).toEqual(['1.0.1', '1.0.1', '1.2.0', '1.2.0'])
    await settled()
    expect(await run('rollback', '--auto-approve')).toMatchObject({ code: 0 })
    expect(await running()).toEqual(['1.0.1', '1.0.1'])
    expect((await containers()).map(({ Id }) => Id).sort()).toEqual([...old].sort())
    await settled()
  }, 120_000)

  test('behind HAProxy no request is lost: rolling, canary, and a rollback; a HAProxy that was killed comes back', async () => {
    const behind = (version: string, strategy: string) => configure(version, { strategy, listen: port })
    const quick = 'monitor: 500ms, drain: 3s'
    await publish('2.0.0')
    await publish('2.0.1')
    await run('unpin', 'web')
    await behind('2.0.0', `{ type: rolling, ${quick} }`)
    well(await apply())
    await settled()
    const address = `127.0.0.1:${port}`
    const load = startLoad({ address, rate: 40, slowShare: 0.05, slowMs: 500, mostMs: 100_000 })
    await behind('2.0.1', `{ type: rolling, ${quick} }`)
    well(await apply())
    await behind('2.0.0', `{ type: canary, steps: [{ weight: 20 }, { pause: 1s }], keepWarm: 1h, ${quick} }`)
    well(await apply())
    await settled()
    expect(await run('rollback', '--auto-approve')).toMatchObject({ code: 0 })
    const result = await load.stop()
    expect(result.losses).toEqual([])
    expect(result.sent).toBeGreaterThan(100)
    expect(await running()).toEqual(['2.0.1', '2.0.1'])
    const pid = Number(await readFile(join(folder, 'r/haproxy.pid'), 'utf8'))
    process.kill(pid, 'SIGKILL')
    const plan = await run('plan')
    expect(plan.stdout).toContain('HAProxy')
    well(await apply())
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('2.0.1')
    await settled()
  }, 180_000)

  test('a restart replaces every copy by the same, one after another, and no request is lost', async () => {
    const { address, before } = { address: `127.0.0.1:${port}`, before: await containers() }
    const load = startLoad({ address, rate: 40, slowShare: 0.05, slowMs: 500, mostMs: 100_000 })
    well(await run('restart', 'web', '--auto-approve'))
    const { losses, sent } = await load.stop()
    expect(losses).toEqual([])
    expect(sent).toBeGreaterThan(20)
    const after = await containers()
    const names = (list: readonly ListedContainer[]) => list.map(({ Names }) => String(Names)).sort()
    expect(names(after)).toEqual(names(before))
    expect(after.filter(({ Id }) => before.some((one) => one.Id === Id))).toEqual([])
    expect((await run('history', '--limit', '1')).stdout).toContain('restart')
    await settled()
    expect(await run('restart', 'nobody', '--auto-approve')).toMatchObject({ code: 3 })
  }, 180_000)

  test('WebSockets are closed when the drain is over; with longLived: wait they stay as long as their copy does', async () => {
    const strategy = '{ type: blue-green, keepWarm: 1h, monitor: 100ms, drain: 500ms }'
    const hold = () => holdWebSockets({ host: '127.0.0.1', port, count: 4, everyMs: 100 })
    await run('unpin', 'web')
    await configure('2.0.1', { strategy, listen: port })
    well(await apply())
    const short = hold()
    await expect.poll(() => short.counts().echoed).toBeGreaterThan(4)
    await configure('2.0.0', { strategy, listen: port })
    well(await apply())
    // their copies are up, so it was HAProxy that closed them
    expect(await running()).toEqual(['2.0.0', '2.0.0', '2.0.1', '2.0.1'])
    expect(short.counts()).toMatchObject({ closed: 0, cut: 4, wrong: 0, versions: { '2.0.1': 4 } })
    const patient = `router: { type: haproxy, listen: '127.0.0.1:${port}', folder: r, longLived: wait }`
    await configure('2.0.0', { strategy, target: patient })
    well(await apply())
    const long = hold()
    await expect.poll(() => long.counts().echoed).toBeGreaterThan(4)
    await configure('2.0.1', { strategy, target: patient })
    well(await apply())
    const { echoed } = long.counts()
    await expect.poll(() => long.counts().echoed).toBeGreaterThan(echoed + 4)
    expect(long.counts()).toMatchObject({ closed: 0, cut: 0, wrong: 0, versions: { '2.0.0': 4 } })
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('2.0.1')
    well(await run('rollback', '--auto-approve'))
    expect(await running()).toEqual(['2.0.0', '2.0.0'])
    await expect.poll(() => long.counts().echoed).toBeGreaterThan(echoed + 8)
    expect(long.counts()).toMatchObject({ closed: 0, cut: 0, wrong: 0 })
    long.stop()
  }, 120_000)

  test('what copies say is read and followed, and commands run inside them', async () => {
    const all = await run('logs', 'web')
    well(all)
    expect(all.stdout + all.stderr).toMatch(/2\.0\.0-[0-9a-f]{8}-1 \| version 2\.0\.0 listens/)
    const one = await run('logs', 'web', '--copy', '2', '--tail', '1')
    expect((one.stdout + one.stderr).trim().split('\n')).toHaveLength(1)
    const followed = await project.run(['logs', 'web', '--follow', '--json'], {
      onOutput: (written, kill) => {
        if (written.includes('listens')) kill('SIGTERM')
      },
    })
    expect(followed.code, followed.stderr).toBe(0)
    expect(followed.stdout).toMatch(/"type":"line".*"copy":"2\.0\.0-[0-9a-f]{8}-[12]"/)
    expect(await run('exec', 'web', '--', '/app', 'echo', 'hello', '--there')).toMatchObject({
      code: 0,
      stdout: 'hello --there\n',
    })
    expect(await run('exec', 'web', '--copy', '2', '--', '/app', 'fail', '7')).toMatchObject({ code: 7 })
    expect(await run('exec', 'web', '--copy', '9', '--', '/app', 'id')).toMatchObject({ code: 3 })
  }, 60_000)

  test('a service that goes takes its containers along, and the HAProxy that was started for it', async () => {
    const pid = Number(await readFile(join(folder, 'r/haproxy.pid'), 'utf8'))
    await writeFile(join(folder, 'deploy.yaml'), `version: 1\nproject: ${project.name}\nservices: {}\n`)
    well(await apply())
    expect(await containers()).toEqual([])
    // a kept connection would still be answered, with a 503
    await expect(connected(port)).rejects.toThrow('ECONNREFUSED')
    await expect.poll(() => isAlive(pid), { timeout: 30_000 }).toBe(false)
  }, 120_000)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function connected(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect').finally(() => socket.destroy())
}
