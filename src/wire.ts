/** The composition root: the only file that knows the drivers by name. It ties a deploy.yaml to everything that works on it. */
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { DeployError } from './base/deploy-error.js'
import { durationMs } from './base/duration.js'
import { refusedOptions, type RefusedOption } from './app/refused-options.js'
import { createUseCases } from './app/use-cases.js'
import type { World } from './app/world.js'
import type { ConfigCheck, Session } from './cli/services.js'
import { sshDefaults } from './config/defaults.js'
import { loadConfig, type ConfigResult } from './config/load-config.js'
import { createArtifacts } from './drivers/artifacts/artifact-cache.js'
import { artifactFolder } from './drivers/artifacts/cache-layout.js'
import { createCache } from './drivers/artifacts/cache-upkeep.js'
import { checkDrivers } from './drivers/checks/catalog.js'
import { createHosts } from './drivers/hosts/create-hosts.js'
import { leaseDrivers } from './drivers/leases/catalog.js'
import { notifierDrivers } from './drivers/notifiers/catalog.js'
import { secretDrivers } from './drivers/secrets/catalog.js'
import { createSecrets } from './drivers/secrets/secret-vault.js'
import { sourceDrivers } from './drivers/sources/catalog.js'
import { stateStoreDrivers } from './drivers/stores/catalog.js'
import { thisMachine, thisProgram } from './drivers/system/machine.js'
import { randomHex } from './drivers/system/random-hex.js'
import { systemClock } from './drivers/system/system-clock.js'
import { systemShell } from './drivers/system/system-shell.js'
import { targetDrivers } from './drivers/targets/catalog.js'
import { hostLibrary } from './drivers/targets/directory/files/host-library.js'
import { agentFolder, agentMemory } from './drivers/control/agent-folder.js'
import { agentCaller } from './drivers/control/call-agent.js'
import { serveAgent } from './drivers/control/serve-agent.js'
import { hold } from './drivers/targets/process/holder/hold.js'
import { createVerifier } from './drivers/verify/artifact-verifier.js'
import { refuseUnprovable } from './drivers/verify/refuse-unprovable.js'
import type { AgentDesk, LogLine } from './model/agent.js'
import type { Become } from './model/become.js'
import type { Clock } from './model/clock.js'
import type { Config } from './model/config.js'
import type { ConfigProblem } from './model/config-problem.js'
import type { HostLink } from './model/host.js'
import { localHost, type HostSpec } from './model/host-spec.js'
import { hostOf } from './model/host-entry.js'
import type { Ports } from './model/ports.js'
import type { Shell } from './model/shell.js'
import type { Source } from './model/source.js'
import type { DriverSpec } from './model/spec.js'
import type { Target, TargetDriver } from './model/target.js'
import { strategies } from './plan/strategies/catalog.js'

export const clock: Clock = systemClock

/** This process becomes the holder of a service's sockets, until it is told to quit. */
export const holdSockets = hold

export interface OpenOptions {
  /** Absolute. */
  readonly file: string
  /** The same as it is best shown. */
  readonly shown: string
  /** Null for the one that deploy.yaml means by default. */
  readonly environment: string | null
  readonly env: { readonly [name: string]: string | undefined }
}

/** One project and environment, ready for commands. Throws DeployError CONFIG_INVALID with every problem in its details. */
export async function composeUseCases(
  options: OpenOptions & { readonly warn: (text: string) => void },
): Promise<Session> {
  const result = await load(options)
  if (!result.ok) throw invalidConfig(options.shown, result.problems)
  for (const warning of result.warnings) options.warn(`${placeOf(warning)}: ${warning.message}`)
  const world = composeWorld(result.config, result.configDigest, options)
  const refused = problemsOf(refusedOptions(world), options.shown)
  if (refused.length > 0) throw invalidConfig(options.shown, refused)
  const { secrets } = world
  const folder = agentFolder(result.config.state, world.projectDirectory, result.config.environment)
  const memory = agentMemory(folder)
  return {
    useCases: createUseCases(world),
    project: result.config.project,
    environment: result.config.environment,
    mask: (text) => secrets.mask(text),
    maskAll: (data) => secrets.maskAll(data),
    agent: agentCaller(folder),
    agentMemory: memory,
    agentDesk: (version, write) => deskOf(world, version, write),
    user: `${world.machine.user}@${world.machine.hostName}`,
    now: () => clock.now(),
  }
}

/** Of a host that stands in no deploy.yaml, as `user@host:port`; null is this machine. */
export function shellOnHost(host: string | null, sshConfig: string | null): Shell {
  if (host === null) return systemShell
  const hosts = createHosts({
    groups: {},
    ssh: {
      config: sshConfig,
      connectTimeoutMs: durationMs(sshDefaults.connectTimeout),
      keepAliveMs: durationMs(sshDefaults.keepAlive),
      startsAtOnce: sshDefaults.startsAtOnce,
    },
    library: hostLibrary,
    projectDirectory: '/',
    shell: systemShell,
    clock,
    reveal: (text) => Promise.resolve(text),
  })
  return hosts.link(hostOf(host)).shell
}

function deskOf(world: World, version: string, write: (line: LogLine) => void): AgentDesk {
  const { config, projectDirectory, secrets } = world
  const folder = agentFolder(config.state, projectDirectory, config.environment)
  const memory = agentMemory(folder)
  const say = (msg: string, fields: object): void =>
    write({ time: clock.now().toISOString(), level: 'info', msg, ...fields })
  const options = { folder, memory, http: config.agent.http, ports: { clock, secrets }, say }
  return { version, memory, write, serve: (agent) => serveAgent(agent, options) }
}

export async function validateFile(options: OpenOptions): Promise<ConfigCheck> {
  const result = await load(options)
  if (!result.ok)
    return { environment: options.environment ?? '', problems: result.problems, warnings: [], merged: null }
  const { config, configDigest, warnings, merged } = result
  const problems = problemsOf(refusedOptions(composeWorld(config, configDigest, options)), options.shown)
  return { environment: config.environment, problems, warnings, merged }
}

function load({ file, shown, environment, env }: OpenOptions): Promise<ConfigResult> {
  const request = {
    file,
    displayName: shown,
    environment,
    env,
    cacheDirectory: join(userCache(env), 'config'),
  }
  return loadConfig(request, { traits: traitsOf, strategy: (type) => strategies[type] })
}

function composeWorld(config: Config, configDigest: string, { file, env }: OpenOptions): World {
  const projectDirectory = dirname(file)
  const secrets = createSecrets(config.secrets, secretDrivers, { env, projectDirectory, shell: systemShell })
  const machine = thisMachine()
  const ports: Ports = {
    clock,
    shell: systemShell,
    secrets,
    projectDirectory,
    cacheDirectory: artifactCache(config.state, projectDirectory, env),
    machine,
    program: thisProgram(),
    env,
  }
  // a source remembers what it last read, so that asking it again costs little
  const sources = new WeakMap<DriverSpec, Source>()
  const source = (name: string, spec: DriverSpec): Source => {
    const made = sources.get(spec) ?? driverOf('source', sourceDrivers, spec).create(name, spec, ports)
    refuseUnprovable(spec, made)
    sources.set(spec, made)
    return made
  }
  // weakly: every plan brings specs of its own, and an agent makes plans for months
  const targets = new WeakMap<DriverSpec, Map<string, Target>>()
  const hosts = createHosts({
    groups: config.hosts,
    ssh: config.ssh,
    library: hostLibrary,
    projectDirectory,
    shell: systemShell,
    clock,
    reveal: (text) => secrets.reveal(text),
  })
  const linkOf = (host: HostSpec): HostLink | null => (host.name === localHost ? null : hosts.link(host))
  return {
    config,
    configDigest,
    projectDirectory,
    clock,
    shell: systemShell,
    secrets,
    machine,
    hosts,
    store: driverOf('state', stateStoreDrivers, config.state).create(config.state, ports),
    artifacts: createArtifacts({
      directory: join(ports.cacheDirectory, artifactFolder),
      source,
      clock,
      pid: machine.pid,
      verifier: createVerifier(ports),
    }),
    cache: createCache({ directory: ports.cacheDirectory, clock, pid: machine.pid }),
    source,
    target(spec, { service, host }) {
      const known = targets.get(spec) ?? new Map<string, Target>()
      const place = `${service}@${host.name} ${host.user ?? ''}@${host.address}:${host.port ?? ''}`
      const { project, environment } = config
      const linkAs = (become: Become): HostLink => hosts.linkAs(host, become)
      const linkTo = (other: HostSpec): HostLink => hosts.link(other)
      const scope = { project, environment, service, host: host.name, link: linkOf(host), linkAs, linkTo }
      const made = known.get(place) ?? driverOf('target', targetDrivers, spec).create(spec, scope, ports)
      targets.set(spec, known.set(place, made))
      return made
    },
    shellOn: (host, become) =>
      become === undefined ? (linkOf(host)?.shell ?? systemShell) : hosts.linkAs(host, become).shell,
    tunnelTo(host) {
      const link = linkOf(host)
      return link === null ? null : (to, port) => link.tunnel(to, port)
    },
    traits(type) {
      const traits = traitsOf(type)
      if (traits === undefined) throw unknownDriver('target', type, Object.keys(targetDrivers))
      return traits
    },
    strategy(type) {
      const strategy = strategies[type]
      if (strategy === undefined) throw unknownDriver('strategy', type, Object.keys(strategies))
      return strategy
    },
    check: ({ probe }) => driverOf('health check', checkDrivers, probe).create(probe, ports),
    notifier: (spec) => driverOf('notifier', notifierDrivers, spec).create(spec, ports),
    lease: (spec) =>
      driverOf('lease', leaseDrivers, spec).create(`${config.project}/${config.environment}`, spec, ports),
    random: () => Math.random(),
    randomHex,
  }
}

function traitsOf(type: string): TargetDriver | undefined {
  const drivers: { readonly [type: string]: TargetDriver } = targetDrivers
  return drivers[type]
}

function driverOf<D>(kind: string, drivers: { readonly [type: string]: D }, spec: DriverSpec): D {
  const driver = drivers[spec.type]
  if (driver === undefined) throw unknownDriver(kind, spec.type, Object.keys(drivers))
  return driver
}

/** deploy.yaml has been validated; this is a plan, journal or state that another version of deployctl wrote. */
function unknownDriver(kind: string, type: string, known: readonly string[]): DeployError {
  return new DeployError(
    'STATE_CORRUPT',
    `this deployctl does not know the ${kind} "${type}" that is on record (it knows ${known.join(', ')})`,
    {
      hint: 'use the version of deployctl that wrote it, or a newer one',
    },
  )
}

/** Beside the state where that is a folder, so that a project is in one place; with the user's caches otherwise. */
function artifactCache(state: DriverSpec, projectDirectory: string, env: OpenOptions['env']): string {
  if (state.type === 'local' && typeof state.path === 'string')
    return resolve(projectDirectory, state.path, 'cache')
  return userCache(env)
}

function userCache(env: OpenOptions['env']): string {
  const { XDG_CACHE_HOME: folder } = env
  return join(
    folder !== undefined && folder.startsWith('/') ? folder : join(homedir(), '.cache'),
    'deployctl',
  )
}

function invalidConfig(file: string, problems: readonly ConfigProblem[]): DeployError {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const details = problems.flatMap((problem) => [
    `${placeOf(problem)}: ${problem.message}`,
    ...problem.frame.map((line) => `  ${line}`),
    ...(problem.hint === undefined ? [] : [`  ${problem.hint}`]),
  ])
  return new DeployError('CONFIG_INVALID', `${file} has ${count}`, { details })
}

/** What a driver refuses has a name in deploy.yaml, but no line: the driver has never seen the text. */
function problemsOf(refused: readonly RefusedOption[], file: string): readonly ConfigProblem[] {
  return refused.map(({ place, error }) => ({
    file,
    line: 1,
    column: 1,
    message: `${place}: ${error.message}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    frame: error.details,
  }))
}

function placeOf({ file, line, column }: ConfigProblem): string {
  return `${file}:${line}:${column}`
}
