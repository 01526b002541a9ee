/** Containers with the built program on a real engine: deployed from a real registry, upgraded, unwound, mended, rolled back. */
import { writeFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scratchFolder } from '../drivers/system/scratch.js'
import { deployctl } from '../support/built-cli.js'
import { appImage, pushImage, type AppParts } from '../support/containers/app-image.js'
import { askEngine, callEngine } from '../support/containers/engine-api.js'
import { removeByLabel, sharedEngine, uniqueName, type TestEngine } from '../support/containers/engine.js'
import { addressOf, describeWith } from '../support/needs.js'

interface Listed {
  readonly Id: string
  readonly Names: readonly string[]
  readonly State: string
  readonly Labels: Readonly<Record<string, string>>
}

describeWith('docker-engine', 'containers', () => {
  let engine: TestEngine
  let project: string
  let folder: string
  let image: string

  beforeAll(async () => {
    engine = sharedEngine()
    project = uniqueName(engine, 'e2e')
    folder = join(await scratchFolder(), project)
    await mkdir(folder, { recursive: true })
    const { open } = JSON.parse(addressOf('docker-registry')) as { readonly open: string }
    image = `${open.replace(/^https?:\/\//, '')}/${project}/web`
  })
  afterAll(() => removeByLabel(engine, `deployctl.project=${project}`))

  const publish = (version: string, env: AppParts['env'] = {}) => {
    const made = appImage(engine, { version, env: { APP_VERSION: version, ...env } })
    const [registry = '', ...path] = image.split('/')
    return pushImage(registry, path.join('/'), version, made)
  }
  const configure = (
    version: string,
    changes: { readonly replicas?: number; readonly strategy?: string } = {},
  ) =>
    writeFile(
      join(folder, 'deploy.yaml'),
      `version: 1
project: ${project}
sources:
  web: { type: oci, image: ${image} }
services:
  web:
    source: web
    version: ${version}
    target: { type: container, engine: { socket: ${engine.socket} }, port: 8080, replicas: ${changes.replicas ?? 2}, stopTimeout: 5s }
    strategy: ${changes.strategy ?? '{ type: rolling, monitor: 1s, drain: 1s }'}
healthChecks:
  ready: { type: http, path: /health, interval: 200ms, deadline: 10s }
`,
    )
  const run = (...words: string[]) => deployctl(words, { directory: folder })
  const apply = () => run('apply', '--auto-approve')
  const containers = async (): Promise<readonly Listed[]> => {
    const filters = encodeURIComponent(JSON.stringify({ label: [`deployctl.project=${project}`] }))
    return (await askEngine(engine.socket, `/containers/json?all=1&filters=${filters}`)) as Listed[]
  }
  const running = async () =>
    (await containers())
      .filter(({ State }) => State === 'running')
      .map(({ Labels }) => Labels['deployctl.release'])
      .sort()
  const settled = async () => {
    expect(await run('plan', '--detailed-exitcode')).toMatchObject({ code: 0 })
  }

  test('a first deployment starts every copy, and an upgrade replaces them', async () => {
    await publish('1.0.0')
    await publish('1.0.1')
    await configure('1.0.0')
    expect(await apply()).toMatchObject({ code: 0 })
    expect(await running()).toEqual(['1.0.0', '1.0.0'])
    await settled()
    await configure('1.0.1')
    const plan = await run('plan')
    expect(plan.stdout).toContain('start')
    expect(plan.stdout).toContain('stop')
    expect(await apply()).toMatchObject({ code: 0 })
    expect(await running()).toEqual(['1.0.1', '1.0.1'])
    expect(await containers()).toHaveLength(2)
    await settled()
  }, 120_000)

  test('more copies and fewer touch only the difference', async () => {
    const ids = new Set((await containers()).map(({ Id }) => Id))
    await configure('1.0.1', { replicas: 4 })
    expect(await apply()).toMatchObject({ code: 0 })
    const four = await containers()
    expect(four).toHaveLength(4)
    expect(four.filter(({ Id }) => ids.has(Id))).toHaveLength(2)
    await settled()
    await configure('1.0.1', { replicas: 1 })
    expect(await apply()).toMatchObject({ code: 0 })
    expect(await running()).toEqual(['1.0.1'])
    await settled()
    await configure('1.0.1')
    expect(await apply()).toMatchObject({ code: 0 })
  }, 120_000)

  test('a copy that was killed or changed by hand is named and mended, and no other is touched', async () => {
    const [first, second] = await containers()
    await callEngine(engine.socket, 'POST', `/containers/${first!.Id}/kill`)
    const plan = await run('plan')
    expect(plan.stdout).toContain(first!.Labels['deployctl.instance'])
    expect(await apply()).toMatchObject({ code: 0 })
    expect(await running()).toEqual(['1.0.1', '1.0.1'])
    expect((await containers()).map(({ Id }) => Id)).toContain(second!.Id)
    await settled()
  }, 120_000)

  test.each([
    [
      'answers 500',
      '1.1.0',
      { APP_HEALTH: 'fail', APP_HEALTH_SAYS: 'db: connection refused' },
      'db: connection refused',
    ],
    [
      'ends at once',
      '1.1.1',
      { APP_EXIT_AT_ONCE: 'FATAL could not reach db:5432' },
      'FATAL could not reach db:5432',
    ],
  ])(
    'a release that %s is unwound, with its cause, and nothing of it is left',
    async (_, version, env, cause) => {
      const before = (await containers()).map(({ Id }) => Id).sort()
      await publish(version, env)
      await configure(version)
      const failed = await apply()
      expect(failed).toMatchObject({ code: 5 })
      expect(failed.stdout + failed.stderr).toContain(cause)
      expect((await containers()).map(({ Id }) => Id).sort()).toEqual(before)
      await configure('1.0.1')
      await settled()
    },
    120_000,
  )

  test('with keepWarm the old copies stay up, and a rollback starts nothing', async () => {
    await publish('1.2.0')
    const strategy = '{ type: blue-green, keepWarm: 45m, monitor: 1s, drain: 1s }'
    await configure('1.2.0', { strategy })
    const old = (await containers()).map(({ Id }) => Id)
    expect(await apply()).toMatchObject({ code: 0 })
    expect(await running()).toEqual(['1.0.1', '1.0.1', '1.2.0', '1.2.0'])
    await settled()
    expect(await run('rollback', '--auto-approve')).toMatchObject({ code: 0 })
    expect(await running()).toEqual(['1.0.1', '1.0.1'])
    expect((await containers()).map(({ Id }) => Id).sort()).toEqual([...old].sort())
    await settled()
  }, 120_000)

  test('a service that goes takes its containers along', async () => {
    await writeFile(join(folder, 'deploy.yaml'), `version: 1\nproject: ${project}\nservices: {}\n`)
    expect(await apply()).toMatchObject({ code: 0 })
    expect(await containers()).toEqual([])
  }, 120_000)
})
