/**
 * A service of its own on the engine of the run: targets with any options, instances of images of the test app, a router
 * of memory in front, and everything removed at the end.
 */
import { digestOf, type Json } from '../../../src/base/hash.js'
import { containerTarget } from '../../../src/drivers/targets/container.js'
import { aliasRouter } from '../../../src/drivers/targets/container/alias.js'
import { releaseFolderName } from '../../../src/model/release-folder.js'
import type { Instance } from '../../../src/model/instance.js'
import type { Progress } from '../../../src/model/event.js'
import type { Ports } from '../../../src/model/ports.js'
import type { Release } from '../../../src/model/release.js'
import type { RouterDriver, RouterEnd } from '../../../src/model/router.js'
import type { OperationContext, Target, TargetScope } from '../../../src/model/target.js'
import { driverPorts } from '../../contract/driver-ports.js'
import { loadVersions, type AppParts } from './app-image.js'
import { callEngine } from './engine-api.js'
import { removeByLabel, sharedEngine, uniqueName, type TestEngine } from './engine.js'

export type Options = { readonly [option: string]: Json }

/** What a router was told, and what it does now: a real one is tested with its own driver. */
export interface RouterOfMemory {
  ends: readonly RouterEnd[]
  trouble: string | null
  readonly told: string[]
}

export interface EngineBench {
  readonly engine: TestEngine
  readonly scope: TargetScope
  readonly ports: Ports
  readonly router: RouterOfMemory
  /** `options` beside the engine's socket, which is given. */
  target(options?: Options, ports?: Partial<Ports>): Target
  /** Loads the versions as images `REPOSITORY:VERSION`; answers the repository. */
  images(versions: readonly string[], parts?: Omit<AppParts, 'version'>): Promise<string>
  instance(release: Release, slot?: number | null, options?: Options): Instance
  readonly context: OperationContext
  readonly progress: Progress[]
  call(method: string, path: string, body?: object): Promise<unknown>
  /** The engine's report on the container of an instance. */
  container(name: string): Promise<ContainerReport>
  end(): Promise<void>
}

/** Of the engine's report, what tests look at. */
export interface ContainerReport {
  readonly Id: string
  readonly Name: string
  readonly Image: string
  readonly State: { readonly Running: boolean }
  readonly Config: { readonly [field: string]: Json } & {
    readonly Labels: { readonly [label: string]: string }
    readonly Env: readonly string[]
  }
  readonly HostConfig: { readonly [field: string]: Json }
  readonly NetworkSettings: { readonly Networks: { readonly [name: string]: { readonly IPAddress: string } } }
}

export async function engineBench(engine: TestEngine = sharedEngine()): Promise<EngineBench> {
  const ports = await driverPorts()
  const router: RouterOfMemory = { ends: [], trouble: null, told: [] }
  const drivers = { memory: memoryRouter(router), alias: aliasRouter }
  const scope = {
    project: uniqueName(engine, 'shop'),
    environment: 'test',
    service: 'web',
    host: 'local',
    link: null,
    linkAs: () => {
      throw new Error('unused')
    },
    linkTo: () => {
      throw new Error('unused')
    },
  }
  const progress: Progress[] = []
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await callEngine(engine.socket, method, path, body === undefined ? {} : { body })
    const text = answer.body.toString()
    return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text
  }
  return {
    engine,
    scope,
    ports,
    router,
    progress,
    call,
    target: (options = {}, other = {}) =>
      containerTarget(drivers).create(
        { type: 'container', engine: { socket: engine.socket }, stopTimeout: '2s', ...options },
        scope,
        { ...ports, ...other },
      ),
    async images(versions, parts = {}) {
      const repository = uniqueName(engine, 'app')
      await loadVersions(engine, repository, versions, parts)
      return repository
    },
    instance: (release, slot = null, options = {}) => ({
      service: scope.service,
      host: scope.host,
      name: releaseFolderName(release, options),
      slot,
      release,
      specDigest: digestOf(options),
    }),
    context: {
      signal: new AbortController().signal,
      deployment: 'd1',
      onProgress: (one) => void progress.push(one),
      onLine: () => undefined,
      onChild: async () => undefined,
    },
    container: async (name) => {
      const path = `/containers/${scope.project}-test-web-${name}/json`
      return (await call('GET', path)) as ContainerReport // documented
    },
    async end() {
      await removeByLabel(engine, `deployctl.project=${scope.project}`)
      await removeTags(engine, scope)
      await ports.remove()
    },
  }
}

/** A release of an image that `image:` names: the source's own artifact does not matter then. */
export function plainRelease(version: string): Release {
  const artifact = { kind: 'archive', name: `web-${version}.tgz`, location: `/offered/${version}` } as const
  return { source: 'web', version, digest: digestOf(version), artifact }
}

async function removeTags(engine: TestEngine, scope: TargetScope): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ reference: [`deployctl/${scope.project}-test-web:*`] }))
  const found = await callEngine(engine.socket, 'GET', `/images/json?filters=${filters}`)
  const images = JSON.parse(found.body.toString()) as { RepoTags: string[] }[] // documented
  for (const tag of images.flatMap(({ RepoTags }) => RepoTags)) {
    if (!tag.startsWith('deployctl/')) continue
    await callEngine(engine.socket, 'DELETE', `/images/${tag}`)
  }
}

function memoryRouter(state: RouterOfMemory): RouterDriver {
  return {
    type: 'memory',
    weights: true,
    schema: {
      type: 'object',
      description: 'A router of memory.',
      required: ['type'],
      additionalProperties: false,
      properties: { type: { const: 'memory', description: 'A router of memory.', examples: ['memory'] } },
    },
    create: () => ({
      place: 'memory',
      look: async () => ({ ends: state.ends, trouble: state.trouble }),
      route: async (ends) => {
        state.told.push(`route ${ends.map(({ name, weight }) => `${name}=${weight}`).join(' ')}`)
        state.ends = ends
      },
      drain: async (names, deadlineMs) => {
        state.told.push(`drain ${names.join(' ')} within ${deadlineMs}`)
        return true
      },
      forget: async (name) => {
        state.told.push(`forget ${name}`)
        state.ends = state.ends.filter((end) => end.name !== name)
      },
    }),
  }
}
