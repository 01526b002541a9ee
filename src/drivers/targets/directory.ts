/**
 * The directory target: release folders behind a `current` link, on a disk. It needs nothing but the file system; each
 * operation is a file of its own in directory/, and this one only says which is which.
 */
import { fileError } from '../system/file-error.js'
import { resolveOwner } from './directory/owner.js'
import { claimPlace, removeClaimsOf } from './directory/claim.js'
import { discardRelease } from './directory/discard.js'
import { localAccess, remoteAccess, type Access } from './directory/files/access.js'
import { releasePreparer, type ReleasePreparer } from './directory/files/prepare-release.js'
import { inspectPlace } from './directory/inspect.js'
import { layoutOf, releasePaths, type Layout } from './directory/layout.js'
import { readOptions, type DirectoryOptions } from './directory/options.js'
import type { Place } from './directory/place.js'
import { pruneReleases } from './directory/prune.js'
import { refuseUnfitPlace } from './directory/refusals.js'
import { refuseFullDisk } from './directory/room.js'
import { routeTo, routeToNothing } from './directory/route.js'
import { directorySchema } from './directory/schema.js'
import { stageRelease } from './directory/stage.js'
import type { Ports } from '../../model/ports.js'
import type { Target, TargetDriver } from '../../model/target.js'

export const directoryDriver = {
  type: 'directory',
  schema: directorySchema,
  verbs: ['stage', 'discard', 'route', 'check', 'hook', 'prune'],
  effects: {
    path: 'replace',
    hosts: 'scale',
    shared: 'stage',
    owner: 'stage',
    umask: 'stage',
    become: 'none',
    transfer: 'none',
    strip: 'stage',
    include: 'stage',
    restart: 'route',
    keepReleases: 'none',
  },
  keepReleases: { option: 'keepReleases', default: 5 },
  restarting: 'restart',
  pulling: { option: 'transfer', value: 'pull' },
  create(spec, scope, ports) {
    const options = readOptions(spec, scope.link === null ? ports.projectDirectory : null)
    const link = options.become === null ? scope.link : scope.linkAs(options.become)
    const layout = layoutOf(options.path)
    const access = link === null ? localAccess(ports.shell) : remoteAccess(link, layout, preparerOf(ports))
    return directoryTarget(layout, options, access, ports)
  },
} as const satisfies TargetDriver

/** One for all hosts and services, so that what goes to many is made ready once. */
const preparers = new WeakMap<Ports, ReleasePreparer>()

function preparerOf(ports: Ports): ReleasePreparer {
  const preparer = preparers.get(ports) ?? releasePreparer(ports.cacheDirectory, ports.machine.pid)
  preparers.set(ports, preparer)
  return preparer
}

/** The same for any host; `access` says how it is reached. */
export function directoryTarget(
  layout: Layout,
  options: DirectoryOptions,
  access: Access,
  ports: Ports,
): Target {
  /** System errors that no file of directory/ had words for get some here. */
  const at = <T>(doing: string, signal: AbortSignal, work: (place: Place) => Promise<T>): Promise<T> =>
    access
      .use(doing, signal, (files) => work({ layout, files, shell: access.shell, options, ports }))
      .catch((error: unknown) => {
        throw fileError(error, `${doing} at`, pathOf(error) ?? layout.root)
      })
  return {
    approach: () => access.approach(),
    async prepare(release, obtain, context) {
      await access.prepare?.(obtain, release, options, context)
    },
    inspect: ({ active }, signal) =>
      at('look', signal, (place) => inspectPlace(place, access.host, active[0] ?? null, signal)),
    claim: (request, signal) =>
      at('claim the place', signal, async (place) => {
        place.files.foresee({ fitness: true })
        await refuseUnfitPlace(place)
        await refuseFullDisk(place, request.incoming)
        if (options.owner !== null) await resolveOwner(options.owner, access.shell, signal)
        const never = new AbortController().signal // a claim is given back also after an interruption
        const claim = await claimPlace(place, request, ports, (work) =>
          at('give the place back', never, work),
        )
        access.hold(claim.path)
        return {
          async release() {
            await claim.release()
            access.hold(null)
          },
        }
      }),
    unclaim: (deployment, signal) =>
      at('look who has claimed the place', signal, (place) => removeClaimsOf(place, deployment)),
    stage: (instance, obtain, context) =>
      at(`stage ${instance.name}`, context.signal, (place) => stageRelease(place, instance, obtain, context)),
    discard: (instance, context) =>
      at(`discard ${instance.name}`, context.signal, (place) =>
        discardRelease(place, instance.name, context.signal),
      ),
    route(from, to, context) {
      const [old, next] = [from[0]?.instance ?? null, to[0]?.instance ?? null]
      return at(`switch to ${next?.name ?? 'nothing'}`, context.signal, async (place) => {
        if (next !== null) await routeTo(place, old, next, context)
        else if (old !== null) await routeToNothing(place, old, context)
      })
    },
    prune: (keep, context) => at('prune', context.signal, (place) => pruneReleases(place, keep, context)),
    folderOf: (instance) => releasePaths(layout, instance.name).folder,
  }
}

function pathOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('path' in error)) return undefined
  return typeof error.path === 'string' ? error.path : undefined
}
