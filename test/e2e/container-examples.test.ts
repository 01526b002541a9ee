/** The examples of containers and the quick start, as they are written: deployed, upgraded and rolled back by the built program. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../contract/loopback.js'
import { deployctl, type CliResult } from '../support/built-cli.js'
import { appImage, pushImage } from '../support/containers/app-image.js'
import { imagesOf } from '../support/containers/container-project.js'
import { callEngine } from '../support/containers/engine-api.js'
import { removeByLabel, sharedEngine, uniqueName, type TestEngine } from '../support/containers/engine.js'
import { addressOf, describeWith } from '../support/needs.js'

const root = join(import.meta.dirname, '..', '..')

describeWith('docker-engine', 'examples of containers', () => {
  let engine: TestEngine
  let registry: string
  let folder: string
  const projects: string[] = []
  beforeAll(async () => {
    engine = sharedEngine()
    // as test/services/docker-registry.mjs says it
    registry = (JSON.parse(addressOf('docker-registry')) as { readonly open: string }).open
    folder = await mkdtemp(join(tmpdir(), 'deployctl-example-'))
  })
  afterAll(async () => {
    for (const project of projects) {
      await removeByLabel(engine, `deployctl.project=${project}`)
      for (const image of await imagesOf(engine, project))
        await callEngine(engine.socket, 'DELETE', `/images/${image}`).catch(() => undefined) // went with another
    }
    await rm(folder, { recursive: true, force: true })
  })

  const well = (result: CliResult) => expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(0)
  const versionAt = async (port: number) => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
    await answer.arrayBuffer()
    return answer.headers.get('x-app-version')
  }
  const publish = (project: string, repository: string, version: string, env = {}) =>
    pushImage(registry, repository, version, appImage(engine, { version, env, labels: { of: project } }))
  /** A project and a port of its own, on the engine of the tests. */
  const ours = (text: string, project: string, port: number): string =>
    text
      .replace(/^project: .*$/m, `project: ${project}`)
      .replaceAll(/127\.0\.0\.1:808\d/g, `127.0.0.1:${port}`)
  const runIn = (directory: string) => (line: string) =>
    deployctl(line.split(' '), {
      directory,
      env: { DOCKER_HOST: `unix://${engine.socket}`, HOME: directory, REGISTRY: registry },
    })
  const endRouter = async (path: string): Promise<void> => {
    const pid = await readFile(path, 'utf8').catch(() => '')
    if (pid !== '') process.kill(Number(pid), 'SIGTERM')
  }

  // side by side: most of their time is spent on watching what was switched
  test.concurrent.each([
    ['containers-blue-green', 'shop/web'],
    ['containers-canary', 'shop/api'],
  ])(
    '%s',
    async (example, repository) => {
      const project = uniqueName(engine, 'shop')
      projects.push(project)
      const here = join(folder, example)
      await cp(join(root, 'examples', example), here, { recursive: true })
      const port = await freePort()
      const text = ours(await readFile(join(here, 'deploy.yaml'), 'utf8'), project, port)
      const own = `${project}/${repository}`
      await writeFile(join(here, 'deploy.yaml'), text.replace(`/${repository}`, `/${own}`))
      const run = runIn(here)
      try {
        await publish(project, own, '1.0.0')
        well(await run('apply --auto-approve'))
        expect(await versionAt(port)).toBe('1.0.0')
        await publish(project, own, '1.1.0')
        well(await run('apply --auto-approve'))
        expect(await versionAt(port)).toBe('1.1.0')
        expect(await run('plan --detailed-exitcode')).toMatchObject({ code: 0 })
        well(await run('rollback --auto-approve'))
        expect(await versionAt(port)).toBe('1.0.0')
      } finally {
        await endRouter(join(here, 'var/router/haproxy.pid'))
      }
    },
    180_000,
  )

  test.concurrent(
    'the quick start',
    async () => {
      const page = await readFile(join(root, 'docs', 'quick-start-containers.md'), 'utf8')
      const [first = '', second = ''] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml)
      const project = uniqueName(engine, 'hello')
      projects.push(project)
      const here = await mkdtemp(join(folder, 'quick-'))
      const image = `${project}/nginx`
      const written = (yaml: string, port: number) =>
        writeFile(
          join(here, 'deploy.yaml'),
          ours(yaml, project, port).replace('docker.io/library/nginx', `${registry}/${image}`),
        )
      const [port, behind] = [await freePort(), await freePort()]
      const run = runIn(here)
      for (const version of ['1.27.0', '1.27.1']) await publish(project, image, version, { APP_PORT: '80' })
      try {
        await written(first, port)
        well(await run('apply --auto-approve'))
        expect(await versionAt(port)).toBe('1.27.0')
        await written(first.replace('1.27.0', '1.27.1'), port)
        well(await run('apply --auto-approve'))
        expect(await versionAt(port)).toBe('1.27.1')
        well(await run('rollback --auto-approve'))
        expect(await versionAt(port)).toBe('1.27.0')
        well(await run('unpin web'))
        await written(second, behind)
        well(await run('apply --auto-approve --service web'))
        expect(await versionAt(behind)).toBe('1.27.1')
      } finally {
        await endRouter(join(here, 'router/haproxy.pid'))
      }
    },
    180_000,
  )
})
