/**
 * What a container is made of: the body that creates it, from the options alone. Pure. References to secrets stay what
 * they are here; start.ts reveals them at the last moment, so that neither labels nor digests know their values.
 */
import { digestOf } from '../../../base/hash.js'
import { copyName, type Instance } from '../../../model/instance.js'
import type { TargetScope } from '../../../model/target.js'
import { aspectsOf, type Aspects } from './aspects.js'
import type { Config, CreateBody, HostConfig } from './engine-forms.js'
import { imageTag, labels, scopeLabels } from './names.js'
import type { ContainerOptions, HealthOverride } from './options.js'

export interface MakeUp {
  /** Without variables: they are added when their values are known. */
  readonly body: CreateBody
  /** All of them; the first is in the body as well. */
  readonly networks: readonly string[]
  readonly spec: string
}

export function makeUp(options: ContainerOptions, instance: Instance, scope: TargetScope): MakeUp {
  const { networks, env, envFiles, secretFiles, platform } = options
  const bare = {
    ...configOf(options),
    Image: imageTag(scope, instance.name),
    HostConfig: hostConfigOf(options),
  }
  const wanted = { ...bare, labels: options.labels, networks, env, envFiles, secretFiles, platform }
  const spec = digestOf({ wanted, release: instance.release.digest })
  const made: Aspects = aspectsOf({ ...bare, Env: Object.keys(env) }, bare.HostConfig, networks, 'set')
  const own = {
    ...scopeLabels(scope),
    [labels.instance]: copyName(instance),
    [labels.name]: instance.name,
    [labels.release]: instance.release.version,
    [labels.digest]: instance.release.digest,
    [labels.spec]: spec,
    [labels.made]: JSON.stringify(made),
  }
  const StopTimeout = Math.ceil(options.stopTimeoutMs / 1000) // for when the engine itself is stopped
  return { body: { ...bare, StopTimeout, Labels: { ...options.labels, ...own } }, networks, spec }
}

/** What is not set stays away, so that the image’s own counts. */
function configOf(options: ContainerOptions): Omit<Config, 'Image' | 'Labels'> {
  const { command, entrypoint, user, workingDir, stopSignal, health, ports, port } = options
  const exposed = [...ports.map((one) => one.port), ...(port === null ? [] : [`${port}/tcp`])]
  return {
    ...(command === null ? {} : { Cmd: command }),
    ...(entrypoint === null ? {} : { Entrypoint: entrypoint }),
    ...(user === null ? {} : { User: user }),
    ...(workingDir === null ? {} : { WorkingDir: workingDir }),
    ...(stopSignal === null ? {} : { StopSignal: stopSignal }),
    ...(health === null ? {} : { Healthcheck: healthOf(health) }),
    ...(exposed.length === 0 ? {} : { ExposedPorts: Object.fromEntries(exposed.map((name) => [name, {}])) }),
  }
}

const nanosecondsInMs = 1e6

function healthOf(health: HealthOverride | 'disabled'): object {
  if (health === 'disabled') return { Test: ['NONE'] }
  return {
    Test: health.test,
    Interval: health.intervalMs * nanosecondsInMs,
    Timeout: health.timeoutMs * nanosecondsInMs,
    StartPeriod: health.startPeriodMs * nanosecondsInMs,
    Retries: health.retries,
  }
}

function hostConfigOf(options: ContainerOptions): HostConfig {
  const { networks, ports, restart, mounts, ulimits, capAdd, capDrop, securityOpt, logging } = options
  const [network] = networks
  return {
    RestartPolicy: { Name: restart.name, MaximumRetryCount: restart.most },
    Memory: options.memoryBytes,
    NanoCpus: options.nanoCpus,
    ReadonlyRootfs: options.readOnly,
    ...(network === undefined ? {} : { NetworkMode: network }),
    ...(ports.length === 0 ? {} : { PortBindings: bindingsOf(options) }),
    ...(mounts.length === 0
      ? {}
      : {
          Mounts: mounts.map(({ type, source, path, readOnly }) => ({
            Type: type,
            Source: source,
            Target: path,
            ReadOnly: readOnly,
          })),
        }),
    ...(options.pids === 0 ? {} : { PidsLimit: options.pids }),
    ...(ulimits.length === 0
      ? {}
      : { Ulimits: ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })) }),
    ...(capAdd.length === 0 ? {} : { CapAdd: capAdd }),
    ...(capDrop.length === 0 ? {} : { CapDrop: capDrop }),
    ...(securityOpt.length === 0 ? {} : { SecurityOpt: securityOpt }),
    ...(logging === null ? {} : { LogConfig: { Type: logging.driver, Config: logging.options } }),
    ...(options.init ? { Init: true } : {}),
  }
}

function bindingsOf({ ports }: ContainerOptions): { [port: string]: { HostIp: string; HostPort: string }[] } {
  const bindings: { [port: string]: { HostIp: string; HostPort: string }[] } = {}
  for (const { port, address, hostPort } of ports) {
    ;(bindings[port] ??= []).push({ HostIp: address, HostPort: hostPort })
  }
  return bindings
}
