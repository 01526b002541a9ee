/**
 * The process target: deployctl runs the app itself and hands it the listening sockets. Releases lie as a directory
 * target has them; a small process of its own holds the sockets and keeps the app up (process/holder/).
 */
import { copyName } from '../../model/instance.js'
import type { Target, TargetDriver } from '../../model/target.js'
import { localAccess } from './directory/files/access.js'
import { directoryTarget } from './directory.js'
import { layoutOf } from './directory/layout.js'
import { readOptions as readReleaseOptions } from './directory/options.js'
import { holderKeeper } from './process/ask-holder.js'
import { inspectPlace, reachInstance } from './process/inspect.js'
import { logFiles } from './process/logs.js'
import { readOptions } from './process/options.js'
import type { Place } from './process/place.js'
import {
  drainInstances,
  quitIfIdle,
  routeTo,
  startInstance,
  stopInstance,
  stopStrays,
} from './process/run.js'
import { refuseUnknownUser } from './process/refusals.js'
import { processSchema } from './process/schema.js'
import { journal } from './process/systemd/journal.js'
import { systemdKeeper } from './process/systemd/systemd-keeper.js'

export const processDriver = {
  type: 'process',
  schema: processSchema,
  verbs: ['stage', 'discard', 'start', 'stop', 'route', 'drain', 'check', 'watch', 'hook', 'prune'],
  effects: {
    path: 'replace',
    shared: 'stage',
    owner: 'stage',
    strip: 'stage',
    include: 'stage',
    keepReleases: 'none',
    supervisor: 'stage',
    command: 'stage',
    listen: 'stage',
    workers: 'stage',
    env: 'stage',
    user: 'stage',
    workingDirectory: 'stage',
    umask: 'stage',
    limits: 'stage',
    stopSignal: 'route',
    stopTimeout: 'route',
    settle: 'route',
    restarts: 'route',
    log: 'route',
    endWithAgent: 'none',
  },
  keepReleases: { option: 'keepReleases', default: 5 },
  keepsWarm: false,
  endsWithAgent: 'endWithAgent',
  agentLog: { option: 'log', key: 'agent' },
  create(spec, scope, ports) {
    const releaseOptions = readReleaseOptions(spec, ports.projectDirectory)
    const layout = layoutOf(releaseOptions.path)
    const options = readOptions(spec)
    const { service } = scope
    const isSystemd = options.supervisor === 'systemd'
    const holder = holderKeeper({ service, options, ports, holderFolder: `${layout.own}/holder` })
    const systemd = systemdKeeper({
      service,
      root: layout.root,
      folder: `${layout.own}/systemd`,
      options,
      ports,
    })
    return processTarget({
      service,
      layout,
      options,
      ports,
      releases: directoryTarget(layout, releaseOptions, localAccess(ports.shell), ports),
      keeper: isSystemd ? systemd : holder,
      rival: isSystemd ? holder : systemd,
      output: isSystemd ? journal(service, layout.root, ports) : logFiles(layout, ports),
    })
  },
} as const satisfies TargetDriver

function processTarget(place: Place): Target {
  const { ports, releases, keeper, output } = place
  return {
    inspect: (recorded, signal) => inspectPlace(place, recorded, signal),
    async claim(request, signal) {
      await refuseUnknownUser(place, signal)
      await keeper.refuseUnfit(signal)
      const claim = await releases.claim(request, signal)
      return {
        async release() {
          try {
            await quitIfIdle(place)
          } finally {
            await claim.release()
          }
        },
      }
    },
    stage: (instance, obtain, context) => releases.stage(instance, obtain, context),
    async discard(instance, context) {
      await releases.discard(instance, context)
      await output.remove([instance.name])
    },
    start: (instance, context) => startInstance(place, instance, context),
    stop: (instance, context) => stopInstance(place, copyName(instance), context),
    route: (from, to, context) => routeTo(place, from, to, context),
    drain: (instances, deadlineMs, context) => drainInstances(place, instances, deadlineMs, context),
    async prune(keep, context) {
      await stopStrays(place, keep, context)
      const removed = await releases.prune(keep, context)
      await output.remove(removed)
      return removed
    },
    folderOf: (instance) => releases.folderOf(instance),
    reach: (instance, signal) => reachInstance(place, instance, signal),
    logs: (instance, request, onLine, signal) => output.show(copyName(instance), request, onLine, signal),
    lastWords: async (instance, signal) => {
      const { ended } = await reachInstance(place, instance, signal)
      const said = await output.lastLines(copyName(instance), signal)
      return [...said.map((line) => ports.secrets.mask(line)), ...(ended === null ? [] : [ended])]
    },
  }
}
