/** A world in memory: the real planner, executor and use cases over targets, hooks and a store that a test can break. */
import { digestOf, sha256 } from '../../src/base/hash.js'
import type { DeployResult, Execution } from '../../src/app/requests.js'
import type { World } from '../../src/app/world.js'
import type { AgentConfig } from '../../src/model/agent.js'
import type { Config, ServiceConfig } from '../../src/model/config.js'
import type { VersionListing } from '../../src/model/release.js'
import type { HostGroup } from '../../src/model/host.js'
import { hostOf } from '../../src/model/host-entry.js'
import type { HookSpec } from '../../src/model/spec.js'
import type { HealthCheck } from '../../src/model/health-check.js'
import { memoryLease } from './memory-lease.js'
import { DeployError } from '../../src/base/deploy-error.js'
import { fakeClock } from './fake-clock.js'
import { MemoryGround, memoryShell, memoryTarget, memoryTraits } from './memory-ground.js'
import { memoryStore, type MemoryDisk, type MemoryStore } from './memory-store.js'
import { strategies } from '../../src/plan/strategies/catalog.js'
import { policyOf } from './version-policy.js'

/** A version on offer; `isMissing`: announced, and its artifact is not there (yet). */
export type Offered = string | (VersionListing & { readonly isMissing?: true })

export interface MemoryWorldOptions {
  readonly config: Config
  readonly ground: MemoryGround
  readonly disk: MemoryDisk
  /** What the source offers. */
  readonly versions?: readonly Offered[]
  readonly now?: Date
  readonly health?: HealthCheck
}

export function memoryWorld({
  config,
  ground,
  disk,
  versions = ['1.0.0', '1.1.0'],
  now,
  health,
}: MemoryWorldOptions): World & {
  readonly store: MemoryStore
} {
  let serial = disk.journals.size
  const traits = (type: string) => memoryTraits[type]!
  const offered = versions.map((one) => (typeof one === 'string' ? { version: one } : one))
  return {
    config,
    configDigest: digestOf(config),
    projectDirectory: '/project',
    clock: fakeClock(now?.getTime()),
    shell: memoryShell(ground),
    secrets: { reveal: (text) => Promise.resolve(text), mask: (text) => text, maskAll: (data) => data },
    machine: { hostName: 'desk', user: 'ada', pid: 1 },
    hosts: memoryHosts(config),
    store: memoryStore(disk),
    artifacts: { obtain: () => Promise.resolve({ kind: 'folder', path: '/artifact', name: 'artifact' }) },
    cache: {
      list: async () => [],
      prune: async () => ({ removed: [], kept: [] }),
      verify: async () => undefined,
    },
    source: (name) => ({
      versions: async () => offered,
      resolve: async (version) => {
        const found = offered.find((one) => one.version === version)
        if (found === undefined) throw new DeployError('VERSION_NOT_FOUND', `no ${version}`)
        if ('isMissing' in found) throw new DeployError('ARTIFACT_MISSING', `no file for ${version}`)
        const artifact = { kind: 'folder', name: version, location: version } as const
        return { source: name, version, digest: sha256(version), artifact }
      },
      fetch: () => Promise.reject(new Error('unused')),
    }),
    target: (spec, { host }) => memoryTarget(ground, spec, host.name),
    shellOn: () => memoryShell(ground),
    tunnelTo: () => null,
    traits,
    strategy: (type) => strategies[type]!,
    check: () => health ?? { probe: async () => ({ healthy: true, seen: 'well' }) },
    notifier: () => ({ notify: () => Promise.resolve() }),
    lease: () => memoryLease(),
    random: () => 0.5,
    randomHex: (digits) => (++serial).toString(16).padStart(digits, '0'),
  }
}

export function quietExecution(changes: Partial<Execution> = {}): Execution {
  return {
    asks: true,
    confirm: () => Promise.resolve(true),
    allow: ['irreversible'],
    lockWaitMs: 0,
    emit: () => undefined,
    notice: () => undefined,
    ...changes,
  }
}

export const check = {
  name: 'ready',
  probe: { type: 'fake' },
  intervalMs: 1000,
  timeoutMs: 1000,
  healthyAfter: 1,
  deadlineMs: 10_000,
} as const

export function service(
  name: string,
  changes: Partial<ServiceConfig> & { readonly path?: string } = {},
): ServiceConfig {
  const { path = name, ...rest } = changes
  return {
    name,
    source: 'main',
    policy: policyOf(),
    gracePeriodMs: 1_800_000,
    dependsOn: [],
    target: { type: 'running', path },
    hosts: [],
    strategy: { type: 'rolling', monitor: '0s' },
    checks: [check],
    ...rest,
  }
}

/** A hook whose effect is known by its name and a mark, such as the version it belongs to. */
export function hook(name: string, mark: string, changes: Partial<HookSpec> = {}): HookSpec {
  return {
    name,
    when: 'beforeStart',
    service: null,
    command: { run: ['add', `${name}-${mark}`] },
    revert: { run: ['remove', `${name}-${mark}`] },
    timeoutMs: 60_000,
    onFailure: 'abort',
    directory: 'project',
    at: 'controller',
    each: 'deployment',
    become: null,
    env: {},
    ...changes,
  }
}

export function agentOf(changes: Partial<AgentConfig> = {}): AgentConfig {
  return {
    mode: 'auto',
    intervalsMs: { main: 10_000 },
    repair: 'auto',
    recover: 'resume',
    windows: [],
    retry: { tries: 3, delayMs: 300_000 },
    http: null,
    waves: null,
    ...changes,
  }
}

export function configOf(services: readonly ServiceConfig[], changes: Partial<Config> = {}): Config {
  return {
    project: 'shop',
    environment: 'staging',
    state: { type: 'local', path: '.deployctl' },
    sources: { main: { type: 'fake' } },
    services: Object.fromEntries(services.map((one) => [one.name, one])),
    hooks: [],
    notifiers: [],
    hosts: {},
    ssh: { config: null, connectTimeoutMs: 10_000, keepAliveMs: 10_000, startsAtOnce: 8 },
    secrets: {},
    agent: agentOf(),
    cache: { maxBytes: 5 * 2 ** 30, maxAgeMs: 30 * 86_400_000 },
    parallelism: 4,
    onFailure: 'deployment',
    ...changes,
  }
}

export function outcomeKind(result: DeployResult): string {
  return result.kind === 'done' ? result.outcome.kind : result.kind
}

/** The state without what differs between two equal deployments: times, ids, and how often it was written. */
export function stateView(disk: MemoryDisk): unknown {
  if (disk.state === null) return null
  return JSON.parse(disk.state, (key, value: unknown) =>
    ['at', 'warmUntil', 'deployment', 'written', 'serial', 'lineage', 'by', 'reason'].includes(key)
      ? undefined
      : value,
  ) as unknown
}

/** Those that deploy.yaml lists; nothing is ever sent to them. */
function memoryHosts({ hosts }: Config): World['hosts'] {
  const grouped = Object.entries(hosts).flatMap(([group, from]) =>
    from.kind === 'listed' ? from.hosts.map((host) => ({ ...host, groups: [group] })) : [],
  )
  return {
    all: () => Promise.resolve(grouped),
    link: ({ name }) => {
      throw new Error(`no way to ${name}`)
    },
    linkAs: ({ name }) => {
      throw new Error(`no way to ${name}`)
    },
    examine: ({ name }) => Promise.reject(new Error(`no way to ${name}`)),
  }
}

/** A group of hosts for `configOf`. */
export function groupOf(...names: readonly string[]): HostGroup {
  return { kind: 'listed', hosts: names.map((name) => hostOf(name)) }
}
