/**
 * The directory target: release folders behind a `current` link, on a disk. It needs nothing but the file system; each
 * operation is a file of its own in directory/, and this one only says which is which.
 */
import { resolveOwner } from './directory/owner.js'
import { claimPlace } from './directory/claim.js'
import { discardRelease } from './directory/discard.js'
import { inspectPlace } from './directory/inspect.js'
import { layoutOf, releasePaths } from './directory/layout.js'
import { readOptions } from './directory/options.js'
import type { Place } from './directory/place.js'
import { pruneReleases } from './directory/prune.js'
import { refuseUnfitPlace } from './directory/refusals.js'
import { refuseFullDisk } from './directory/room.js'
import { routeTo, routeToNothing } from './directory/route.js'
import { directorySchema } from './directory/schema.js'
import { stageRelease } from './directory/stage.js'
import type { Target, TargetDriver } from '../../model/target.js'

export const directoryDriver = {
  type: 'directory',
  schema: directorySchema,
  verbs: ['stage', 'discard', 'route', 'check', 'hook', 'prune'],
  effects: {
    path: 'replace',
    shared: 'stage',
    owner: 'stage',
    strip: 'stage',
    include: 'stage',
    restart: 'route',
    keepReleases: 'none',
  },
  keepReleases: { option: 'keepReleases', default: 5 },
  create(spec, ports) {
    const options = readOptions(spec, ports.projectDirectory)
    const place = { layout: layoutOf(options.path), options, ports }
    return directoryTarget(place)
  },
} as const satisfies TargetDriver

function directoryTarget(place: Place): Target {
  const { layout, options, ports } = place
  return {
    inspect: (active, signal) => inspectPlace(layout, active, signal),
    async claim(request, signal) {
      await refuseUnfitPlace(layout)
      await refuseFullDisk(layout, request.incoming)
      if (options.owner !== null) await resolveOwner(options.owner, ports.shell, signal)
      return claimPlace(layout, request, ports)
    },
    stage: (instance, obtain, context) => stageRelease(place, instance, obtain, context),
    discard: (instance, context) => discardRelease(layout, instance.name, context.signal),
    async route(from, to, context) {
      if (to !== null) await routeTo(place, from, to, context)
      else if (from !== null) await routeToNothing(place, from, context)
    },
    prune: (keep, context) => pruneReleases(layout, keep, context),
    folderOf: (instance) => releasePaths(layout, instance.name).folder,
  }
}
