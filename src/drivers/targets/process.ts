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
import { inspectPlace, reachInstance } from './process/inspect.js'
import { lastLines, logFileOf, removeLogsOf } from './process/logs.js'
import { showLog } from './process/show-log.js'
import { readOptions } from './process/options.js'
import type { Place } from './process/place.js'
import { refuseUnfit } from './process/refusals.js'
import {
  drainInstances,
  quitIfIdle,
  routeTo,
  startInstance,
  stopInstance,
  stopStrays,
} from './process/run.js'
import { processSchema } from './process/schema.js'

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
  create(spec, scope, ports) {
    const releaseOptions = readReleaseOptions(spec, ports.projectDirectory)
    const layout = layoutOf(releaseOptions.path)
    return processTarget({
      service: scope.service,
      layout,
      options: readOptions(spec),
      ports,
      releases: directoryTarget(layout, releaseOptions, localAccess(ports.shell), ports),
      holderFolder: `${layout.own}/holder`,
    })
  },
} as const satisfies TargetDriver

function processTarget(place: Place): Target {
  const { layout, ports, releases } = place
  return {
    inspect: (recorded, signal) => inspectPlace(place, recorded, signal),
    async claim(request, signal) {
      await refuseUnfit(place, signal)
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
      await removeLogsOf(layout, [instance.name])
    },
    start: (instance, context) => startInstance(place, instance, context),
    stop: (instance, context) => stopInstance(place, copyName(instance), context),
    route: (from, to, context) => routeTo(place, from, to, context),
    drain: (instances, deadlineMs, context) => drainInstances(place, instances, deadlineMs, context),
    async prune(keep, context) {
      await stopStrays(place, keep, context)
      const removed = await releases.prune(keep, context)
      await removeLogsOf(layout, removed)
      return removed
    },
    folderOf: (instance) => releases.folderOf(instance),
    reach: (instance, signal) => reachInstance(place, instance, signal),
    logs: (instance, request, onLine, signal) => showLog(place, instance, request, onLine, signal),
    lastWords: async (instance, signal) => {
      const { ended } = await reachInstance(place, instance, signal)
      const said = await lastLines(logFileOf(layout, copyName(instance)))
      return [...said.map((line) => ports.secrets.mask(line)), ...(ended === null ? [] : [ended])]
    },
  }
}
