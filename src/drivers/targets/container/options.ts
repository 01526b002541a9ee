/** The options of a container target as they are meant: defaults filled in, units resolved, contradictions refused. */
import { DeployError } from '../../../base/deploy-error.js'
import { durationMs } from '../../../base/duration.js'
import { sizeBytes } from '../../../base/size.js'
import type { DriverSpec } from '../../../model/spec.js'
import type { WrittenEngine } from './engine/address.js'
import { defaultStopTimeout } from './schema.js'

export interface PublishedPort {
  readonly address: string
  /** Empty: the engine chooses. */
  readonly hostPort: string
  /** `80/tcp`. */
  readonly port: string
}

export interface Mount {
  readonly type: 'bind' | 'volume'
  readonly source: string
  readonly path: string
  readonly readOnly: boolean
}

export interface HealthOverride {
  readonly test: readonly string[]
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly startPeriodMs: number
  readonly retries: number
}

export interface Ulimit {
  readonly name: string
  readonly soft: number
  readonly hard: number
}

export interface Login {
  readonly username: string
  readonly password: string
}

type Texts = { readonly [name: string]: string }

export interface ContainerOptions {
  readonly image: string | null
  readonly port: number | null
  readonly router: DriverSpec | null
  readonly stopTimeoutMs: number
  readonly engine: WrittenEngine
  readonly platform: string | null
  readonly pull: 'missing' | 'always' | 'never'
  readonly login: Login | null
  readonly command: readonly string[] | null
  readonly entrypoint: readonly string[] | null
  /** Values may refer to secrets. */
  readonly env: Texts
  readonly envFiles: readonly string[]
  /** Values may refer to secrets. */
  readonly secretFiles: Texts
  readonly ports: readonly PublishedPort[]
  readonly mounts: readonly Mount[]
  readonly networks: readonly string[]
  readonly user: string | null
  readonly workingDir: string | null
  readonly labels: Texts
  readonly health: HealthOverride | 'disabled' | null
  readonly stopSignal: string | null
  readonly init: boolean
  readonly restart: { readonly name: string; readonly most: number }
  readonly memoryBytes: number
  readonly nanoCpus: number
  readonly pids: number
  readonly ulimits: readonly Ulimit[]
  readonly readOnly: boolean
  readonly capAdd: readonly string[]
  readonly capDrop: readonly string[]
  readonly securityOpt: readonly string[]
  readonly logging: { readonly driver: string; readonly options: Texts } | null
}

/** The shape that the schema (schema.ts) admits. */
interface Written {
  readonly image?: string
  readonly replicas?: number
  readonly port?: number
  readonly router?: DriverSpec
  readonly stopTimeout?: string
  readonly engine?: WrittenEngine
  readonly platform?: string
  readonly pull?: ContainerOptions['pull']
  readonly login?: Login
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly env?: Texts
  readonly envFiles?: readonly string[]
  readonly secretFiles?: Texts
  readonly ports?: readonly string[]
  readonly mounts?: readonly { readonly source: string; readonly path: string; readonly readOnly?: boolean }[]
  readonly volumes?: Texts
  readonly networks?: readonly string[]
  readonly user?: string
  readonly workingDir?: string
  readonly labels?: Texts
  readonly healthcheck?: WrittenHealth
  readonly stopSignal?: string
  readonly init?: boolean
  readonly restartPolicy?: string
  readonly memory?: string
  readonly cpus?: number
  readonly pids?: number
  readonly ulimits?: {
    readonly [name: string]: number | { readonly soft: number; readonly hard: number }
  }
  readonly readOnly?: boolean
  readonly capAdd?: readonly string[]
  readonly capDrop?: readonly string[]
  readonly securityOpt?: readonly string[]
  readonly logging?: { readonly driver: string; readonly options?: Texts }
}
interface HealthTimes {
  readonly interval?: string
  readonly timeout?: string
  readonly startPeriod?: string
  readonly retries?: number
}
type WrittenHealth =
  | { readonly disabled: true }
  | ({ readonly run: readonly string[] } & HealthTimes)
  | ({ readonly shell: string } & HealthTimes)

export function readOptions(spec: DriverSpec): ContainerOptions {
  const written = spec as unknown as Written // validation by the schema has admitted it
  refuseContradictions(written)
  const [restart = 'no', most = '0'] = (written.restartPolicy ?? 'unless-stopped').split(':')
  return {
    image: written.image ?? null,
    port: written.port ?? null,
    router: written.router ?? null,
    stopTimeoutMs: durationMs(written.stopTimeout ?? defaultStopTimeout),
    engine: written.engine ?? {},
    platform: written.platform ?? null,
    pull: written.pull ?? 'missing',
    login: written.login ?? null,
    command: written.command ?? null,
    entrypoint: written.entrypoint ?? null,
    env: written.env ?? {},
    envFiles: written.envFiles ?? [],
    secretFiles: written.secretFiles ?? {},
    ports: (written.ports ?? []).map(readPort),
    mounts: mountsOf(written),
    networks: written.networks ?? [],
    user: written.user ?? null,
    workingDir: written.workingDir ?? null,
    labels: written.labels ?? {},
    health: written.healthcheck === undefined ? null : healthOf(written.healthcheck),
    stopSignal: written.stopSignal ?? null,
    init: written.init ?? false,
    restart: { name: restart, most: Number(most) },
    memoryBytes: written.memory === undefined ? 0 : sizeBytes(written.memory),
    nanoCpus: Math.round((written.cpus ?? 0) * 1e9),
    pids: written.pids ?? 0,
    ulimits: Object.entries(written.ulimits ?? {}).map(([name, value]) =>
      typeof value === 'number' ? { name, soft: value, hard: value } : { name, ...value },
    ),
    readOnly: written.readOnly ?? false,
    capAdd: written.capAdd ?? [],
    capDrop: written.capDrop ?? [],
    securityOpt: written.securityOpt ?? [],
    logging: written.logging === undefined ? null : { options: {}, ...written.logging },
  }
}

function refuseContradictions(written: Written): void {
  if (written.readOnly === true && Object.keys(written.secretFiles ?? {}).length > 0) {
    throw new DeployError('CONFIG_INVALID', 'secretFiles cannot be put into a container that is readOnly.', {
      hint: 'Pass the secrets in env:, or leave readOnly out.',
    })
  }
  const fixed = (written.ports ?? []).find((text) => readPort(text).hostPort !== '')
  if (fixed !== undefined && (written.replicas ?? 1) > 1) {
    const says = `ports: "${fixed}" can belong to one container only, and there are to be ${written.replicas ?? 1}.`
    throw new DeployError('CONFIG_INVALID', says, {
      hint: 'Put a router: in front of them, or set replicas: 1.',
    })
  }
}

/** `127.0.0.1:8080:80/udp`, with everything but the container's port left out at will. */
function readPort(text: string): PublishedPort {
  const [places = '', protocol = 'tcp'] = text.split('/')
  const parts = /^(?:(?:(\[.*\]|[^:]*):)?(\d+):)?(\d+)$/.exec(places)
  const [address = '', hostPort = '', port = ''] = parts?.slice(1) ?? []
  return { address: address.replace(/^\[|\]$/g, ''), hostPort, port: `${port}/${protocol}` }
}

function mountsOf({ mounts = [], volumes = {} }: Written): readonly Mount[] {
  return [
    ...mounts.map(({ source, path, readOnly = false }) => ({
      type: 'bind' as const,
      source,
      path,
      readOnly,
    })),
    ...Object.entries(volumes).map(([path, source]) => ({
      type: 'volume' as const,
      source,
      path,
      readOnly: false,
    })),
  ]
}

function healthOf(written: WrittenHealth): HealthOverride | 'disabled' {
  if ('disabled' in written) return 'disabled'
  return {
    test: 'shell' in written ? ['CMD-SHELL', written.shell] : ['CMD', ...written.run],
    intervalMs: durationMs(written.interval ?? '30s'),
    timeoutMs: durationMs(written.timeout ?? '30s'),
    startPeriodMs: durationMs(written.startPeriod ?? '0'),
    retries: written.retries ?? 3,
  }
}
