/** Looking at the files of a place on a host: from what is known, or by a round trip. */
import { join } from 'node:path'
import { DeployError } from '../../../../base/deploy-error.js'
import type { HostFiles } from './host-files.js'
import { compareOnHost } from './remote-compare.js'
import type { RemoteQueue } from './remote-queue.js'
import type { Call } from './remote-trip.js'

export type Looks = Pick<
  HostFiles,
  | 'kindOf'
  | 'linkText'
  | 'entries'
  | 'text'
  | 'mayWrite'
  | 'deviceOf'
  | 'room'
  | 'bytesIn'
  | 'digestOf'
  | 'compare'
>

export function remoteLooks(queue: RemoteQueue): Looks {
  const looks: Looks = {
    async kindOf(path, links) {
      const placed = queue.placedPath(path)
      if (placed !== null) return placed.tree.kindOf(placed.inside)
      const ask = (): ReturnType<typeof queue.mirror.kindOf> =>
        links === 'follow' ? queue.mirror.followed(path) : queue.mirror.kindOf(path)
      return queue.know(ask, ['d_see', path])
    },
    linkText: (path) => queue.know(() => queue.mirror.linkText(path), ['d_see', path]),
    async entries(folder) {
      const names = await queue.know(() => queue.mirror.names(folder), ['d_list', folder])
      return names.map((name) => ({ name, kind: queue.mirror.kindOf(join(folder, name)) ?? 'other' }))
    },
    async text(path) {
      if ((await looks.kindOf(path, 'follow')) !== 'file') return null
      const ask = (): { readonly text: string | null } | undefined => {
        const text = queue.mirror.text(path)
        return text === undefined ? undefined : { text }
      }
      const { text } = await queue.know(ask, ['d_text', path])
      if (text !== null) return text
      const { name } = queue.ground.link.host
      throw new DeployError('PERMISSION_DENIED', `On ${name}, ${path} cannot be read: permission denied.`)
    },
    mayWrite: (folder) => queue.know(() => queue.answers.may.get(folder), ['d_may', folder]),
    deviceOf: (path) => queue.know(() => queue.answers.devices.get(path), ['d_device', path]),
    room: (folder) => queue.know(() => queue.answers.rooms.get(folder), ['d_room', folder]),
    async bytesIn(folders) {
      let sum = 0
      for (const folder of folders)
        sum += await queue.know(() => queue.answers.used.get(folder), ['d_used', folder])
      return sum
    },
    digestOf: (path) => queue.know(() => queue.answers.digests.get(path), ['d_digest', path]),
    compare: (release, signal) =>
      compareOnHost(release, looks, signal, {
        comparison: () =>
          queue.know(
            () => queue.answers.comparisons.get(release.folder),
            ['d_compare', release.folder, release.manifest, release.seen],
          ),
        tree: () => queue.know(() => queue.answers.trees.get(release.folder), ['d_stat', release.folder]),
        async digests(paths) {
          const missing = paths.filter((path) => !queue.answers.digests.has(path))
          if (missing.length > 0) await queue.go(...missing.map((path): Call => ['d_digest', path]))
          return (path) => queue.answers.digests.get(path) ?? ''
        },
      }),
  }
  return looks
}
