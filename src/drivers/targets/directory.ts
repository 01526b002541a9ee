/**
 * The directory target: release folders behind a `current` link, on a disk. It needs nothing but the file system; each
 * operation is a file of its own in directory/, and this one only says which is which.
 */
import { fileError } from '../system/file-error.js'
import { resolveOwner } from './directory/owner.js'
import { claimPlace } from './directory/claim.js'
import { discardRelease } from './directory/discard.js'
import { inspectPlace } from './directory/inspect.js'
import { localFiles } from './directory/files/local-files.js'
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
    const place = { layout: layoutOf(options.path), files: localFiles, shell: ports.shell, options, ports }
    return directoryTarget(place)
  },
} as const satisfies TargetDriver

function directoryTarget(place: Place): Target {
  const { layout, options, ports, shell } = place
  /** System errors that no file of directory/ had words for get some here. */
  const say = <T>(doing: string, work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw fileError(error, `${doing} at`, pathOf(error) ?? layout.root)
    })
  return {
    inspect: (active, signal) => say('look', () => inspectPlace(place, active, signal)),
    claim: (request, signal) =>
      say('claim the place', async () => {
        await refuseUnfitPlace(place)
        await refuseFullDisk(place, request.incoming)
        if (options.owner !== null) await resolveOwner(options.owner, shell, signal)
        return claimPlace(place, request, ports)
      }),
    stage: (instance, obtain, context) =>
      say(`stage ${instance.name}`, () => stageRelease(place, instance, obtain, context)),
    discard: (instance, context) =>
      say(`discard ${instance.name}`, () => discardRelease(place, instance.name, context.signal)),
    route: (from, to, context) =>
      say(`switch to ${to?.name ?? 'nothing'}`, async () => {
        if (to !== null) await routeTo(place, from, to, context)
        else if (from !== null) await routeToNothing(place, from, context)
      }),
    prune: (keep, context) => say('prune', () => pruneReleases(place, keep, context)),
    folderOf: (instance) => releasePaths(layout, instance.name).folder,
  }
}

function pathOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('path' in error)) return undefined
  return typeof error.path === 'string' ? error.path : undefined
}
