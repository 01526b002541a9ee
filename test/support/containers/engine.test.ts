import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { describeWith } from '../needs.js'
import { loadVersions } from './app-image.js'
import { askEngine, callEngine } from './engine-api.js'
import { ownEngine, type OwnEngine } from './engine.js'

interface Listed {
  readonly Names: readonly string[]
  readonly State: string
}

async function withEngine(run: (engine: OwnEngine) => Promise<void>): Promise<void> {
  const engine = await ownEngine()
  try {
    await run(engine)
  } finally {
    await engine.stop()
  }
}

async function start(engine: OwnEngine, name: string, restart: string): Promise<void> {
  const body = { Image: 'shop:v1', HostConfig: { RestartPolicy: { Name: restart } } }
  await callEngine(engine.socket, 'POST', `/containers/create?name=${name}`, { body })
  await callEngine(engine.socket, 'POST', `/containers/${name}/start`)
}

async function running(engine: OwnEngine): Promise<Record<string, string>> {
  const all = (await askEngine(engine.socket, '/containers/json?all=1')) as readonly Listed[]
  return Object.fromEntries(all.map(({ Names: [name], State: state }) => [name!.slice(1), state]))
}

describeWith('docker-engine', 'an engine of a test’s own', () => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`comes back after ${signal} with the containers whose policy says so`, () =>
      withEngine(async (engine) => {
        await loadVersions(engine, 'shop', ['v1'])
        await start(engine, 'always', 'always')
        await start(engine, 'never', 'no')
        expect(await running(engine)).toEqual({ always: 'running', never: 'running' })
        await engine.restart({ signal })
        await expect.poll(() => running(engine)).toEqual({ always: 'running', never: 'exited' })
      }))
  }

  test('answers nobody between its two halves', () =>
    withEngine(async (engine) => {
      await engine.halt()
      await expect(askEngine(engine.socket, '/_ping')).rejects.toThrow(/ECONNREFUSED|ENOENT/)
      await engine.resume()
      expect(await running(engine)).toEqual({})
    }))

  test('leaves nothing behind', async () => {
    const engine = await ownEngine()
    const mine = (...words: string[]) => execFileSync('ip', words).toString()
    await loadVersions(engine, 'shop', ['v1'])
    await callEngine(engine.socket, 'POST', '/networks/create', { body: { Name: 'shop' } })
    const { IPAM } = (await askEngine(engine.socket, '/networks/shop')) as {
      readonly IPAM: { readonly Config: readonly { readonly Gateway: string }[] }
    }
    const gateway = IPAM.Config[0]!.Gateway
    expect(mine('-o', '-4', 'addr')).toContain(`${gateway}/`)
    await start(engine, 'shop', 'always')
    await engine.stop()
    expect(mine('-o', '-4', 'addr')).not.toContain(`${gateway}/`)
    expect(existsSync(dirname(engine.socket))).toBe(false)
  })
})
