import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { registries } from '../oci-pusher.js'
import { addressOf, describeWith, testWith } from '../needs.js'
import { appImage, loadImage, loadVersions, probeHealthcheck, pushImage, pushIndex } from './app-image.js'
import { askEngine, callEngine, registryLogin } from './engine-api.js'
import { removeByLabel, sharedEngine, uniqueName } from './engine.js'
import { failingImages } from './failing-images.js'

interface Seen {
  readonly Id: string
  readonly RepoDigests: readonly string[]
}
interface State {
  readonly Running: boolean
  readonly ExitCode: number
  readonly OOMKilled: boolean
  readonly Error: string
  readonly Health?: { readonly Status: string; readonly Log: readonly { readonly Output: string }[] }
}

const image = (name: string) => askEngine(sharedEngine().socket, `/images/${name}/json`) as Promise<Seen>
const state = async (id: string) =>
  ((await askEngine(sharedEngine().socket, `/containers/${id}/json`)) as { readonly State: State }).State

/** What a check of this container hears: its HEALTHCHECK's output once that has failed, or what /health answers. */
async function answerOf(id: string): Promise<string> {
  const seen = (await askEngine(sharedEngine().socket, `/containers/${id}/json`)) as {
    readonly State: State
    readonly NetworkSettings: { readonly IPAddress: string }
  }
  const { Health: health } = seen.State
  if (health !== undefined) return health.Status === 'unhealthy' ? (health.Log.at(-1)?.Output ?? '') : ''
  const answer = fetch(`http://${seen.NetworkSettings.IPAddress}:8080/health`)
  return answer.then((one) => one.text()).catch((error: unknown) => inspect(error).toLowerCase())
}

async function start(
  name: string,
  settings: object = {},
): Promise<{ readonly id: string; readonly error: string }> {
  const { socket } = sharedEngine()
  const made = await callEngine(socket, 'POST', '/containers/create', { body: { Image: name, ...settings } })
  const { Id: id } = JSON.parse(made.body.toString()) as { readonly Id: string }
  const begun = callEngine(socket, 'POST', `/containers/${id}/start`)
  return { id, error: await begun.then(() => '', String) }
}

describeWith('docker-engine', 'images of the test app', () => {
  test('are the same image in an engine whatever they are called, and are removed by their label', async () => {
    const engine = sharedEngine()
    const [one, other] = [uniqueName(engine, 'one'), uniqueName(engine, 'other')]
    const mark = uniqueName(engine, 'mark')
    const names = await loadVersions(engine, one, ['v1', 'v2'], { labels: { mark } })
    const again = appImage(engine, { version: 'v1', labels: { mark } })
    await loadImage(engine.socket, `${other}:v1`, again)
    const [v1, v2] = await Promise.all(names.map(image))
    expect(v1?.Id).toBe(again.id)
    expect(v2?.Id).not.toBe(again.id)
    expect((await image(`${other}:v1`)).Id).toBe(again.id)
    await start(names[0]!)
    await removeByLabel(engine, `mark=${mark}`)
    const filters = encodeURIComponent(JSON.stringify({ label: [`mark=${mark}`] }))
    expect(await askEngine(engine.socket, `/images/json?filters=${filters}`)).toEqual([])
    expect(await askEngine(engine.socket, `/containers/json?all=1&filters=${filters}`)).toEqual([])
  })

  for (const failing of failingImages) {
    test(`fail as told: ${failing.title}`, async () => {
      const engine = sharedEngine()
      const name = `${uniqueName(engine, 'failing')}:v2`
      await loadImage(engine.socket, name, appImage(engine, { version: 'v2', ...failing.parts }))
      const { id, error } = await start(name, { HostConfig: { Memory: failing.memoryBytes ?? 0 } })
      try {
        if (failing.exitCode === null) {
          await expect.poll(() => answerOf(id), { timeout: 30_000 }).toContain(failing.says)
          expect((await state(id)).Running).toBe(true)
        } else {
          await expect.poll(async () => (await state(id)).Running, { timeout: 30_000 }).toBe(false)
          expect((await state(id)).ExitCode).toBe(failing.exitCode)
        }
        const end = await state(id)
        expect(end.OOMKilled).toBe(failing.memoryBytes !== undefined)
        if (failing.exitCode === null || end.OOMKilled) return
        const logs = await callEngine(
          engine.socket,
          'GET',
          `/containers/${id}/logs?stdout=1&stderr=1&tail=50`,
        )
        expect([error, end.Error, logs.body.toString()].join('\n')).toContain(failing.says)
      } finally {
        await callEngine(engine.socket, 'DELETE', `/containers/${id}?force=1`)
      }
    })
  }
})

testWith('docker-registry')('an engine and a registry without TLS give images to each other', async () => {
  addressOf('docker-engine')
  const engine = sharedEngine()
  const { open, basic, user, password } = registries()
  const repository = uniqueName(engine, 'shop')
  const byHand = appImage(engine, { version: 'v1', healthcheck: probeHealthcheck })
  const manifest = await pushImage(open, repository, 'v1', byHand)
  await callEngine(engine.socket, 'POST', `/images/create?fromImage=${open}/${repository}&tag=v1`)
  expect(await image(`${open}/${repository}:v1`)).toMatchObject({
    Id: byHand.id,
    RepoDigests: [`${open}/${repository}@${manifest.digest}`],
  })

  const other = appImage(engine, {
    version: 'v2',
    architecture: byHand.config.architecture === 'arm64' ? 'amd64' : 'arm64',
  })
  const index = await pushIndex(open, repository, 'both', [byHand, other])
  await callEngine(engine.socket, 'POST', `/images/create?fromImage=${open}/${repository}&tag=both`)
  const pulled = await image(`${open}/${repository}:both`)
  expect(pulled.Id).toBe(byHand.id)
  expect(pulled.RepoDigests).toContain(`${open}/${repository}@${index.digest}`)

  const login = registryLogin(basic, user, password)
  await loadImage(engine.socket, `${basic}/${repository}:v1`, byHand)
  await callEngine(engine.socket, 'POST', `/images/${basic}/${repository}/push?tag=v1`, { headers: login })
  const pull = `/images/create?fromImage=${basic}/${repository}&tag=v1`
  await expect(callEngine(engine.socket, 'POST', pull)).rejects.toThrow('no basic auth credentials')
  await callEngine(engine.socket, 'POST', pull, { headers: login })
})
