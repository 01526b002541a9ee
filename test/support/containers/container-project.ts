/**
 * A project in a folder of its own whose one service, `web`, is containers of the test app from a real registry, run by
 * the built program: what end-to-end tests of containers deploy. HAProxy stands in front where `router` says so.
 */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf } from '../needs.js'
import { deployctl, type CliOptions, type CliResult } from '../built-cli.js'
import { appImage, pushImage, pushIndex, type AppParts } from './app-image.js'
import { askEngine, callEngine } from './engine-api.js'
import { removeByLabel, uniqueName, type TestEngine } from './engine.js'

/** One line of the engine's list of containers. */
export interface ListedContainer {
  readonly Id: string
  readonly Names: readonly string[]
  readonly Image: string
  readonly State: string
  readonly Labels: Readonly<Record<string, string>>
}

export interface ServiceSettings {
  readonly replicas?: number
  /** As deploy.yaml has it, in one line. */
  readonly strategy?: string
  /** The port at which HAProxy listens; without one there is no router. */
  readonly listen?: number
  /** More options of the target, each `name: value`, in one line. */
  readonly target?: string
  /** Of the target, in one line; the socket of the engine unless given, and nothing when empty. */
  readonly engine?: string
  /** Of `healthChecks:`, in one line; an http check of /health unless given. */
  readonly check?: string
}

export interface ContainerProject {
  readonly engine: TestEngine
  readonly name: string
  readonly folder: string
  /** The folder of the HAProxy in front. */
  readonly routerFolder: string
  /** Puts a version of the app into the registry. */
  publish(version: string, parts?: Omit<AppParts, 'version'>): Promise<void>
  /** The same as an index of one image for each of these architectures, made alike. */
  publishIndex(version: string, architectures: readonly string[]): Promise<void>
  configure(version: string, settings?: ServiceSettings): Promise<void>
  run(words: readonly string[], options?: Partial<CliOptions>): Promise<CliResult>
  apply(options?: Partial<CliOptions>): Promise<CliResult>
  containers(): Promise<readonly ListedContainer[]>
  /** Versions of the containers that run, sorted. */
  running(): Promise<readonly string[]>
  end(): Promise<void>
}

const usualStrategy = '{ type: rolling, monitor: 100ms, drain: 1s }'
const usualCheck = '{ type: http, path: /health, interval: 200ms, deadline: 10s }'

export async function containerProject(engine: TestEngine): Promise<ContainerProject> {
  const name = uniqueName(engine, 'e2e')
  const scratch = await realpath(await mkdtemp(join(tmpdir(), 'deployctl-containers-')))
  const folder = join(scratch, name)
  await mkdir(folder)
  // as test/services/docker-registry.mjs says it
  const { open } = JSON.parse(addressOf('docker-registry')) as { readonly open: string }
  const registry = open.replace(/^https?:\/\//, '')
  const run: ContainerProject['run'] = (words, options = {}) =>
    deployctl(words, { directory: folder, ...options })
  const containers = async (): Promise<readonly ListedContainer[]> => {
    const filters = encodeURIComponent(JSON.stringify({ label: [`deployctl.project=${name}`] }))
    // documented
    return (await askEngine(engine.socket, `/containers/json?all=1&filters=${filters}`)) as ListedContainer[]
  }
  return {
    engine,
    name,
    folder,
    routerFolder: join(folder, 'r'),
    async publish(version, parts = {}) {
      // an image of its own: what two services share, neither removes
      const labels = { of: name, ...parts.labels }
      await pushImage(registry, `${name}/web`, version, appImage(engine, { version, ...parts, labels }))
    },
    async publishIndex(version, architectures) {
      const images = architectures.map((architecture) =>
        appImage(engine, { version, architecture, labels: { of: name } }),
      )
      await pushIndex(registry, `${name}/web`, version, images)
    },
    configure: (version, settings = {}) =>
      writeFile(
        join(folder, 'deploy.yaml'),
        `version: 1
project: ${name}
sources:
  web: { type: oci, image: ${registry}/${name}/web }
services:
  web:
    source: web
    version: ${version}
    target:
      type: container
      ${settings.engine ?? `engine: { socket: ${engine.socket} }`}
      port: 8080
      replicas: ${settings.replicas ?? 2}
      stopTimeout: 2s
      ${settings.listen === undefined ? '' : `router: { type: haproxy, listen: '127.0.0.1:${settings.listen}', folder: r }`}
      ${settings.target ?? ''}
    strategy: ${settings.strategy ?? usualStrategy}
healthChecks:
  ready: ${settings.check ?? usualCheck}
`,
      ),
    run,
    apply: (options) => run(['apply', '--auto-approve'], options),
    containers,
    running: async () =>
      (await containers())
        .filter(({ State }) => State === 'running')
        .map(({ Labels }) => Labels['deployctl.release'] ?? '')
        .sort(),
    async end() {
      // The router goes on when its service is gone.
      const pid = await readFile(join(folder, 'r/haproxy.pid'), 'utf8').catch(() => '')
      if (pid !== '') endProcess(Number(pid))
      await removeByLabel(engine, `deployctl.project=${name}`)
      await removeImages(engine, name)
      await rm(scratch, { recursive: true, force: true })
    },
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // it has ended
  }
}

/** Images whose tag or digest is of this project: what pulls and tags of ours left. */
export async function imagesOf(engine: TestEngine, name: string): Promise<readonly string[]> {
  const found = (await askEngine(engine.socket, '/images/json')) as {
    readonly RepoTags: readonly string[] | null
    readonly RepoDigests: readonly string[] | null
  }[] // documented
  const references = found.flatMap(({ RepoTags, RepoDigests }) => [
    ...(RepoTags ?? []),
    ...(RepoDigests ?? []),
  ])
  return references.filter((reference) => reference.includes(name)).sort()
}

async function removeImages(engine: TestEngine, name: string): Promise<void> {
  for (const reference of await imagesOf(engine, name))
    await callEngine(engine.socket, 'DELETE', `/images/${reference}`).catch(() => undefined) // went with another
}
