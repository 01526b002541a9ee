/**
 * From what was written to what is meant: defaults filled in, durations as milliseconds, checks put to the services
 * they are for. The only place that knows both types; everything after it sees the Config alone.
 */
import type { Json } from '../base/hash.js'
import { durationMs } from '../base/duration.js'
import { sizeBytes } from '../base/size.js'
import type { Config, NotifierConfig, ServiceConfig, VersionPolicy } from '../model/config.js'
import type { HostGroup } from '../model/host.js'
import { hostOf } from '../model/host-entry.js'
import { hostsOption } from '../model/hosts-option.js'
import { withReference } from '../model/interpolate-release.js'
import { becomeOf } from '../model/become.js'
import type { CheckSpec, Command, DriverSpec, HookSpec } from '../model/spec.js'
import type { WrittenConfig } from '../model/written-config.js'
import {
  cacheDefaults,
  checkDefaults,
  defaultParallelism,
  defaultState,
  defaultStrategy,
  gracePeriod as defaultGracePeriod,
  hookTimeout,
  inventoryTimeout,
  notifierEvents,
  policyDefaults,
  sshDefaults,
} from './defaults.js'
import { normaliseAgent } from './normalise-agent.js'
import { momentsWithRelease } from './hook-moments.js'
import { sourceKeySchemas } from './version-schema.js'

type WrittenSource = NonNullable<WrittenConfig['sources']>[string]
type WrittenService = WrittenConfig['services'][string]
type WrittenCheck = NonNullable<WrittenConfig['healthChecks']>[string]
type WrittenHook = NonNullable<WrittenConfig['hooks']>[string]
type WrittenGroup = NonNullable<WrittenConfig['hosts']>[string]
type WrittenNotifier = NonNullable<WrittenConfig['notifiers']>[string]

/** `tree` must have been validated. */
export function normalise(tree: Json, environment: string): Config {
  const written = tree as unknown as WrittenConfig // validation has said so
  const checks = mapValues(written.healthChecks ?? {}, normaliseCheck)
  const allChecks = Object.values(checks)
  return {
    project: written.project,
    environment,
    state: driverSpec(written.state ?? defaultState),
    sources: mapValues(written.sources ?? {}, (_, source) => sourceSpec(source)),
    services: mapValues(written.services, (name, service) =>
      normaliseService(name, service, written, checksOf(name, service, checks, allChecks)),
    ),
    hooks: Object.entries(written.hooks ?? {}).map(([name, hook]) => normaliseHook(name, hook)),
    notifiers: Object.entries(written.notifiers ?? {}).map(([name, notifier]) =>
      normaliseNotifier(name, notifier),
    ),
    hosts: mapValues(written.hosts ?? {}, (_, group) => hostGroup(group)),
    ssh: {
      config: written.ssh?.config ?? null,
      connectTimeoutMs: durationMs(written.ssh?.connectTimeout ?? sshDefaults.connectTimeout),
      keepAliveMs: durationMs(written.ssh?.keepAlive ?? sshDefaults.keepAlive),
      startsAtOnce: written.ssh?.startsAtOnce ?? sshDefaults.startsAtOnce,
    },
    secrets: mapValues(written.secrets ?? {}, (_, provider) => driverSpec(provider)),
    cache: {
      maxBytes: sizeBytes(written.cache?.maxSize ?? cacheDefaults.maxSize),
      maxAgeMs: durationMs(written.cache?.maxAge ?? cacheDefaults.maxAge),
    },
    agent: normaliseAgent(written),
    parallelism: written.parallelism ?? defaultParallelism,
    onFailure: written.onFailure ?? 'deployment',
  }
}

function hostGroup(written: WrittenGroup): HostGroup {
  if ('file' in written) return { kind: 'file', path: written.file }
  if ('command' in written) {
    return {
      kind: 'command',
      run: written.command,
      timeoutMs: durationMs(written.timeout ?? inventoryTimeout),
    }
  }
  return { kind: 'listed', hosts: written.map(hostOf) }
}

function normaliseService(
  name: string,
  service: WrittenService,
  written: WrittenConfig,
  checks: readonly CheckSpec[],
): ServiceConfig {
  const source = written.sources?.[service.source]
  return {
    name,
    source: service.source,
    policy: policyOf(service, source),
    gracePeriodMs: durationMs(source?.gracePeriod ?? defaultGracePeriod),
    dependsOn: service.dependsOn ?? [],
    ...targetOf(service.target),
    strategy: driverSpec(service.strategy ?? written.strategy ?? defaultStrategy),
    checks,
  }
}

/** Where a service runs is no part of what it is: another host is no other service. */
function targetOf(written: WrittenService['target']): Pick<ServiceConfig, 'target' | 'hosts'> {
  const { [hostsOption]: hosts, ...target } = driverSpec(written)
  const words = typeof hosts === 'string' ? [hosts] : (hosts ?? [])
  return { target: { ...target, type: written.type }, hosts: words as readonly string[] } // the schema admits a word or a list of them
}

/** The service's own word, else that of its source, key by key. */
function policyOf(service: WrittenService, source: WrittenSource | undefined): VersionPolicy {
  const { minAge, ...policy } = policyDefaults
  return {
    version: service.version ?? source?.version ?? policy.version,
    scheme: service.scheme ?? source?.scheme ?? policy.scheme,
    prerelease: service.prerelease ?? source?.prerelease ?? policy.prerelease,
    minAgeMs: durationMs(service.minAge ?? source?.minAge ?? minAge),
    deny: service.deny ?? source?.deny ?? policy.deny,
    allowDowngrade: service.allowDowngrade ?? source?.allowDowngrade ?? policy.allowDowngrade,
  }
}

/** What the driver reads: a change of the policy is no other source. */
function sourceSpec(source: WrittenSource): DriverSpec {
  const keys: ReadonlySet<string> = new Set(Object.keys(sourceKeySchemas))
  const options = Object.entries(source).filter(([key]) => !keys.has(key))
  return { ...Object.fromEntries(options), type: source.type }
}

/** A check is written once; what it says of `${service.name}` is now known. */
function checksOf(
  service: string,
  { healthChecks }: WrittenService,
  checks: { readonly [name: string]: CheckSpec },
  all: readonly CheckSpec[],
): readonly CheckSpec[] {
  const chosen = healthChecks?.flatMap((name) => checks[name] ?? []) ?? all
  return withReference(chosen, '${service.name}', service)
}

function normaliseCheck(name: string, check: WrittenCheck): CheckSpec {
  const { interval, timeout, healthyAfter, deadline, ...probe } = check
  return {
    name,
    probe: driverSpec(probe),
    intervalMs: durationMs(interval ?? checkDefaults.interval),
    timeoutMs: durationMs(timeout ?? checkDefaults.timeout),
    healthyAfter: healthyAfter ?? checkDefaults.healthyAfter,
    deadlineMs: durationMs(deadline ?? checkDefaults.deadline),
  }
}

function normaliseHook(name: string, hook: WrittenHook): HookSpec {
  const service = hook.service ?? null
  const inRelease = service !== null && momentsWithRelease.has(hook.when) && hook.at !== 'controller'
  const directory = hook.directory ?? (inRelease ? 'release' : 'project')
  return {
    name,
    when: hook.when,
    service,
    command: commandOf(hook),
    revert: revertOf(hook),
    timeoutMs: durationMs(hook.timeout ?? hookTimeout),
    onFailure: hook.onFailure ?? 'abort',
    directory,
    at: hook.at ?? (directory === 'release' ? 'host' : 'controller'),
    each: hook.each ?? 'deployment',
    become: becomeOf(hook.become),
    env: hook.env ?? {},
  }
}

function commandOf({ run, shell }: { readonly run?: readonly string[]; readonly shell?: string }): Command {
  return shell === undefined ? { run: run ?? [] } : { shell }
}

function revertOf({ revert, irreversible }: WrittenHook): HookSpec['revert'] {
  if (irreversible !== undefined) return { irreversible }
  if (revert === undefined) return { nothing: true }
  return Array.isArray(revert) ? { run: revert } : commandOf(revert)
}

function normaliseNotifier(name: string, notifier: WrittenNotifier): NotifierConfig {
  const { events, ...driver } = notifier
  return { name, driver: driverSpec(driver), events: events ?? notifierEvents }
}

/** The options of a driver are for the driver to read; here they are plain data with a type. */
function driverSpec(options: { readonly type: string }): DriverSpec {
  return { ...options }
}

function mapValues<In, Out>(
  map: { readonly [key: string]: In },
  change: (key: string, value: In) => Out,
): { readonly [key: string]: Out } {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(key, value)]))
}
