/**
 * The container target: copies of an image on a Docker engine, with a router in front or without one. Each operation is
 * a file of its own in container/, and this one only says which is which.
 */
import { DeployError } from '../../base/deploy-error.js'
import { routerDrivers } from '../routers/catalog.js'
import type { Router } from '../../model/router.js'
import type { Ports } from '../../model/ports.js'
import type { DriverSpec } from '../../model/spec.js'
import type { Target, TargetDriver, TargetScope } from '../../model/target.js'
import { copyName } from '../../model/instance.js'
import { aliasRouter } from './container/alias.js'
import { claimEngine, removeEngineClaim } from './container/claim.js'
import { removeTag } from './container/discard.js'
import { engineAt, type Engine } from './container/engine/engine.js'
import { inspectPlace } from './container/inspect.js'
import { leaveRouter } from './container/leave.js'
import { lastWords } from './container/last-words.js'
import { logsOf } from './container/logs.js'
import { imageTag } from './container/names.js'
import { readOptions } from './container/options.js'
import type { Place } from './container/place.js'
import { pruneReleases } from './container/prune.js'
import { reachInstance } from './container/reach.js'
import { refuseUnfit } from './container/refusals.js'
import { retraceInstances } from './container/retrace.js'
import { routeTo } from './container/route.js'
import type { ContainerRouters } from './container/routers.js'
import { containerSchema } from './container/schema.js'
import { stageImage } from './container/stage.js'
import { startInstance } from './container/start.js'
import { stopInstance } from './container/stop.js'

/** `routers` are those that `router:` may name. */
export function containerTarget(routers: ContainerRouters) {
  return {
    type: 'container',
    schema: containerSchema(Object.values(routers).map(({ schema }) => schema)),
    verbs: ['stage', 'discard', 'start', 'stop', 'route', 'drain', 'check', 'watch', 'hook', 'prune'],
    effects: {
      image: 'stage',
      hosts: 'scale',
      replicas: 'scale',
      port: 'stage',
      ...(Object.keys(routers).length === 0 ? {} : { router: 'route' as const }),
      stopTimeout: 'route',
      keepReleases: 'none',
      engine: 'replace',
      platform: 'stage',
      pull: 'none',
      login: 'none',
      command: 'stage',
      entrypoint: 'stage',
      env: 'stage',
      envFiles: 'stage',
      secretFiles: 'stage',
      ports: 'stage',
      mounts: 'stage',
      volumes: 'stage',
      networks: 'stage',
      user: 'stage',
      workingDir: 'stage',
      labels: 'stage',
      healthcheck: 'stage',
      stopSignal: 'stage',
      init: 'stage',
      restartPolicy: 'stage',
      memory: 'stage',
      cpus: 'stage',
      pids: 'stage',
      ulimits: 'stage',
      readOnly: 'stage',
      capAdd: 'stage',
      capDrop: 'stage',
      securityOpt: 'stage',
      logging: 'stage',
    },
    keepReleases: { option: 'keepReleases', default: 5 },
    replicas: { option: 'replicas', default: 1 },
    exclusive: 'ports',
    weighing: { option: 'router', kinds: kindsThatWeigh(routers) },
    create(spec: DriverSpec, scope: TargetScope, ports: Ports): Target {
      const options = readOptions(spec)
      const engine = engineAt(options.engine, scope, ports)
      const routerIn = (written: DriverSpec | null): Router | null =>
        written === null ? null : routerOf(routers, written, scope, ports, engine)
      const router = routerIn(options.router)
      refuseSharedNetwork(options.networks, router)
      const staysWith = (next: DriverSpec): boolean =>
        routerIn(readOptions(next).router)?.place === router?.place
      return targetAt({ scope, options, engine, router, ports }, staysWith)
    },
  } as const satisfies TargetDriver
}

function kindsThatWeigh(routers: ContainerRouters): readonly string[] {
  return Object.values(routers).flatMap(({ type, weights }) => (weights ? [type] : []))
}

/** A container that is in a network already would have to leave it to get a name there. */
function refuseSharedNetwork(networks: readonly string[], router: Router | null): void {
  const { network } = router ?? {}
  if (network === undefined || !networks.includes(network)) return
  throw new DeployError(
    'CONFIG_INVALID',
    `The network ${network} is the router’s: a container is in it only while it serves.`,
    { hint: 'Take it out of networks:, and let the router have a network of its own.' },
  )
}

function routerOf(
  routers: ContainerRouters,
  spec: DriverSpec,
  scope: TargetScope,
  ports: Ports,
  engine: Engine,
): Router {
  const driver = routers[spec.type]
  if (driver === undefined) throw new RangeError(`"${spec.type}" is no router`) // validation has refused it
  return driver.create(spec, scope, ports, engine)
}

/** `staysWith`: whether the options of another specification mean the same router. */
function targetAt(place: Place, staysWith: (next: DriverSpec) => boolean): Target {
  return {
    inspect: (recorded, signal) => inspectPlace(place, recorded, signal),
    claim: async (request, signal) => {
      await refuseUnfit(place, request.incoming, signal)
      return claimEngine(place, request, signal)
    },
    unclaim: (deployment, signal) => removeEngineClaim(place, deployment, signal),
    stage: (instance, _obtain, context) => stageImage(place, instance, context),
    discard: async (instance, { signal }) => {
      await removeTag(place, imageTag(place.scope, instance.name), signal)
    },
    start: (instance, context) => startInstance(place, instance, context),
    stop: (instance, context) => stopInstance(place, instance, context),
    route: (_from, to, context) => routeTo(place, to, context),
    leave: async (next, context) => {
      if (!staysWith(next)) await leaveRouter(place, context)
    },
    drain: async (instances, deadlineMs, context) => {
      await place.router?.drain(instances.map(copyName), deadlineMs, context)
    },
    retrace: (context) => retraceInstances(place, context),
    prune: (keep, context) => pruneReleases(place, keep, context),
    folderOf: () => null,
    reach: (instance, signal) => reachInstance(place, instance, signal),
    logs: (instance, request, onLine, signal) => logsOf(place, instance, request, onLine, signal),
    lastWords: (instance, signal) => lastWords(place, instance, signal),
  }
}

export const containerDriver = containerTarget({ ...routerDrivers, alias: aliasRouter })
