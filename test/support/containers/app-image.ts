/**
 * Images of the test app (app/app.c), made from scratch and by hand: the same parts give the same bytes, so an image has
 * the same identity in every engine and registry, and making one takes no build. What a version does is said by the
 * app's environment variables, which the image carries.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { makeTar } from '../archives/make-tar.js'
import { ociPusher, type Descriptor } from '../oci-pusher.js'
import { callEngine } from './engine-api.js'

export interface AppParts {
  readonly version: string
  /** The app's settings: APP_ON_TERM, APP_HEALTH, … (see the head of app/app.c) */
  readonly env?: Readonly<Record<string, string>>
  /** The image's HEALTHCHECK: none unless given. */
  readonly healthcheck?: Healthcheck
  readonly labels?: Readonly<Record<string, string>>
  readonly command?: readonly string[]
  readonly stopSignal?: string
  readonly user?: string
  /** `amd64` on most machines: that of this one unless given. */
  readonly architecture?: string
}

export interface Healthcheck {
  readonly test: readonly string[]
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly retries: number
}

/** Asks the app's own /health from inside, four times a second. */
export const probeHealthcheck: Healthcheck = {
  test: ['CMD', '/app', 'probe', '/health'],
  intervalMs: 250,
  timeoutMs: 2000,
  retries: 3,
}

export interface AppImage {
  /** Its configuration as it is in engines and registries. */
  readonly config: { readonly os: string; readonly architecture: string }
  readonly layer: Buffer
  /** The digest of the configuration: what engines call the image's id. */
  readonly id: string
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** `engine` names the app's program and the run whose label the image gets. */
export function appImage(engine: { readonly app: string; readonly run: string }, parts: AppParts): AppImage {
  const layer = makeTar({ name: 'app', mode: 0o755, content: readFileSync(engine.app) })
  const { healthcheck } = parts
  const settings = Object.entries({ APP_VERSION: parts.version, ...parts.env })
  const config = {
    architecture: parts.architecture ?? architectures[process.arch] ?? process.arch,
    os: 'linux',
    created: '2024-01-01T00:00:00Z',
    config: {
      Env: settings.map(([name, value]) => `${name}=${value}`),
      Cmd: parts.command ?? ['/app'],
      ExposedPorts: { '8080/tcp': {} },
      Labels: { 'deployctl-tests': engine.run, ...parts.labels },
      ...(parts.stopSignal === undefined ? {} : { StopSignal: parts.stopSignal }),
      ...(parts.user === undefined ? {} : { User: parts.user }),
      ...(healthcheck === undefined ? {} : { Healthcheck: inNanoseconds(healthcheck) }),
    },
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
    history: [{ created: '2024-01-01T00:00:00Z', created_by: 'deployctl-tests' }],
  }
  return { config, layer, id: digest(JSON.stringify(config)) }
}

function inNanoseconds({ test, intervalMs, timeoutMs, retries }: Healthcheck): object {
  return { Test: test, Interval: intervalMs * 1e6, Timeout: timeoutMs * 1e6, Retries: retries }
}

function digest(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** Puts an image into an engine under a name with a tag. */
export async function loadImage(socketPath: string, name: string, image: AppImage): Promise<void> {
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]
  const archive = makeTar(
    { name: 'config.json', content: JSON.stringify(image.config) },
    { name: 'layer.tar', content: image.layer },
    { name: 'manifest.json', content: JSON.stringify(manifest) },
  )
  await callEngine(socketPath, 'POST', '/images/load?quiet=1', { body: archive })
}

/** Loads one image a version, `REPOSITORY:VERSION`, and answers their names. */
export async function loadVersions(
  engine: { readonly socket: string; readonly app: string; readonly run: string },
  repository: string,
  versions: readonly string[],
  parts: Omit<AppParts, 'version'> = {},
): Promise<readonly string[]> {
  const names = versions.map((version) => `${repository}:${version}`)
  for (const [index, version] of versions.entries())
    await loadImage(engine.socket, names[index] ?? '', appImage(engine, { ...parts, version }))
  return names
}

type Login = Parameters<typeof ociPusher>[2]

/** Puts an image into a registry (`127.0.0.1:PORT`) without an engine; answers what its manifest is. */
export function pushImage(
  registry: string,
  repository: string,
  tag: string,
  image: AppImage,
  login?: Login,
): Promise<Descriptor> {
  const layer = { content: image.layer, mediaType: 'application/vnd.oci.image.layer.v1.tar' }
  return ociPusher(registry, repository, login).artifact(tag, [layer], { image: image.config })
}

/** Puts an image for several architectures into a registry: a tag that is an index. */
export async function pushIndex(
  registry: string,
  repository: string,
  tag: string,
  images: readonly AppImage[],
  login?: Login,
): Promise<Descriptor> {
  const entries = []
  for (const image of images) {
    const { os, architecture } = image.config
    const manifest = await pushImage(registry, repository, `${tag}-${architecture}`, image, login)
    entries.push({ ...manifest, platform: { os, architecture } })
  }
  return ociPusher(registry, repository, login).index(tag, entries)
}
