/** A canary with the built program behind a real HAProxy: it waits, and another process approves it, aborts it or follows it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../contract/loopback.js'
import type { CliResult } from '../support/built-cli.js'
import { containerProject, type ContainerProject } from '../support/containers/container-project.js'
import { sharedEngine } from '../support/containers/engine.js'
import { describeWith } from '../support/needs.js'

describeWith('docker-engine', 'a canary that waits for a person', () => {
  let project: ContainerProject
  let port: number

  beforeAll(async () => {
    project = await containerProject(sharedEngine())
    port = await freePort()
    for (const version of ['1.0.0', '1.0.1', '1.0.2', '1.0.3']) await project.publish(version)
    await configure('1.0.0')
    well(await project.apply())
  }, 120_000)
  afterAll(() => project.end())

  const configure = (version: string) =>
    project.configure(version, {
      strategy:
        '{ type: canary, steps: [{ weight: 20 }, { approval: true, deadline: 2m }], monitor: 0s, drain: 1s }',
      listen: port,
    })
  const well = (result: CliResult): void => {
    expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(0)
  }
  /** An apply that waits by now; `kill` is of its process. */
  async function waiting(version: string) {
    await configure(version)
    let kill = (_signal: NodeJS.Signals): void => undefined
    let begun = (): void => undefined
    const waits = new Promise<void>((resolve) => (begun = resolve))
    const ended = project.run(['apply', '--auto-approve'], {
      onOutput: (written, end) => {
        kill = end
        if (written.includes('until it is approved, at most 2m …')) begun()
      },
    })
    await Promise.race([waits, ended])
    return { ended, kill: (signal: NodeJS.Signals) => kill(signal) }
  }
  async function answers(count: number): Promise<{ readonly [version: string]: number }> {
    const counts: { [version: string]: number } = {}
    for (let index = 0; index < count; index++) {
      const version = (await (await fetch(`http://127.0.0.1:${port}/`)).text()).trim()
      counts[version] = (counts[version] ?? 0) + 1
    }
    return counts
  }

  /** Of 100 requests; HAProxy begins its round somewhere. */
  async function expectFifth(old: string, next: string): Promise<void> {
    const { [old]: most = 0, [next]: few = 0 } = await answers(100)
    expect(most + few).toBe(100)
    expect([few, few >= 18 && few <= 22]).toEqual([few, true])
  }

  test('it has its part of the traffic while it waits, and an approval from another process lets it go on', async () => {
    const { ended } = await waiting('1.0.1')
    await expectFifth('1.0.0', '1.0.1')
    const status = await project.run(['status'])
    expect(status.stdout).toContain('waits for a person')
    const second = await project.run(['apply', '--auto-approve'])
    expect(second.code).toBe(4)
    expect(second.stderr).toContain('deployctl approve')
    well(await project.run(['approve', '--reason', 'errors are flat']))
    const result = await ended
    well(result)
    expect(await answers(10)).toEqual({ '1.0.1': 10 })
    const id = /deployment ([0-9a-f]{8})/.exec(result.stdout)?.[1] ?? ''
    expect((await project.run(['show', id])).stdout).toMatch(/approved by \S+, .*errors are flat/s)
  }, 120_000)

  test('aborted from another process, the old release has all traffic, and the new one is held', async () => {
    const { ended } = await waiting('1.0.2')
    well(await project.run(['abort', '--reason', 'checkout is slow']))
    const result = await ended
    expect(result.code).toBe(5)
    expect(result.stderr.replace(/\s+/g, ' ')).toContain('checkout is slow')
    expect(await answers(10)).toEqual({ '1.0.1': 10 })
    expect(await project.running()).toEqual(['1.0.1', '1.0.1'])
    expect((await project.run(['status'])).stdout).toContain('checkout is slow')
  }, 120_000)

  test('killed while it waits, a new deployment undoes it first', async () => {
    const { ended, kill } = await waiting('1.0.3')
    kill('SIGKILL')
    await ended
    await expectFifth('1.0.1', '1.0.3')
    const refused = await project.run(['rollback', '--auto-approve'])
    expect(refused.code).toBe(6)
    await configure('1.0.1')
    const result = await project.apply()
    well(result)
    expect(result.stdout.replace(/\s+/g, ' ')).toContain('was interrupted in the middle of a canary of web')
    expect(await answers(10)).toEqual({ '1.0.1': 10 })
    expect(await project.running()).toEqual(['1.0.1', '1.0.1'])
    well(await project.run(['plan', '--detailed-exitcode']))
  }, 120_000)
})
