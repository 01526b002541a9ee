/** Changing the files of a place on a host: each change waits for the next round trip, and is known from now on. */
import { join } from 'node:path'
import { manifestText } from '../../../artifacts/tree-manifest.js'
import { ancestorsOf } from '../layout.js'
import { bytesInput } from './bytes-input.js'
import type { HostFiles, OwnerNumbers } from './host-files.js'
import type { Looks } from './remote-looks.js'
import type { RemoteQueue } from './remote-queue.js'

export type Changes = Pick<
  HostFiles,
  | 'makePlace'
  | 'leavePlace'
  | 'makeFolder'
  | 'write'
  | 'writeManifest'
  | 'link'
  | 'move'
  | 'moveIn'
  | 'give'
  | 'giveTree'
  | 'mask'
  | 'makeAlike'
  | 'remove'
  | 'removeMatching'
  | 'removeIfEmpty'
  | 'removeTree'
  | 'removeAtOnce'
  | 'sync'
>

/** Longer texts go as input, which a shell need not read byte by byte. */
const longTextBytes = 2048
/** Folders that a release needs and does not ship; whatever the umask is, a web server gets through them. */
const folderMode = 0o755

export function remoteChanges(queue: RemoteQueue, looks: Looks): Changes {
  const change = queue.change.bind(queue)
  const changes: Changes = {
    makePlace({ root, own }) {
      for (const path of [own, ...ancestorsOf(root)].reverse())
        if (queue.mirror.kindOf(path) === 'nothing') queue.mirror.made(path, 'folder')
      return change('make the folder', root, ['d_place', root])
    },
    leavePlace({ root }) {
      queue.mirror.unknown(root)
      return change('leave', root, ['d_leave', root])
    },
    async makeFolder(path, mode) {
      if ((await looks.kindOf(path)) === 'folder') return
      const placed = queue.placedPath(path)
      placed?.tree.put({ type: 'folder', path: placed.inside, mode: folderMode })
      if (placed === null) queue.mirror.made(path, 'folder')
      const wanted = mode ?? (placed === null ? null : folderMode)
      await change('make the folder', path, ['d_mkdir', path, wanted === null ? '' : wanted.toString(8)])
    },
    write(path, text) {
      const bytes = Buffer.from(text)
      queue.mirror.made(path, 'file', text)
      if (bytes.length < longTextBytes) return change('write', path, ['d_write', path, text])
      return change('write', path, ['d_file', String(bytes.length), path], { input: bytesInput(bytes) })
    },
    async writeManifest(release, manifest) {
      await changes.write(release.manifest, manifestText(manifest))
      if (queue.placed?.folder !== release.incoming) return changes.remove(release.seen)
      queue.mirror.made(release.seen, 'file')
      await change('write', release.seen, ['d_note', release.incoming, release.seen])
    },
    link(text, path) {
      const placed = queue.placedPath(path)
      placed?.tree.put({ type: 'link', path: placed.inside, target: text })
      if (placed === null) queue.mirror.made(path, 'link', text)
      return change('make the link', path, ['d_link', text, path])
    },
    move(from, to) {
      queue.mirror.moved(from, to)
      if (queue.placed?.folder === from) queue.placed = null
      return change('put in place', to, ['d_move', from, to])
    },
    moveIn(from, to) {
      const placed = queue.placedPath(from)
      if (placed === null) queue.mirror.moved(from, to)
      else {
        queue.mirror.appeared(to, placed.tree.kindOf(placed.inside))
        placed.tree.remove(placed.inside)
      }
      return change('put in place', to, ['d_movein', from, to])
    },
    give: (path, owner) => change('give away', path, ['d_give', path, ownerText(owner)]),
    mask(folder, umask) {
      if (queue.placed?.folder === folder) queue.placed.mask(umask)
      return change('set the modes of', folder, ['d_mask', folder, withoutBits(umask)])
    },
    giveTree: (folder, owner) => change('give away', folder, ['d_givetree', folder, ownerText(owner)]),
    makeAlike(from, to) {
      if (queue.mirror.kindOf(to) !== 'folder') queue.mirror.appeared(to, 'folder')
      return change('make the folder', to, ['d_alike', from, to])
    },
    async remove(path) {
      if (queue.known(() => queue.mirror.kindOf(path)) === 'nothing') return
      queue.mirror.removed(path)
      await change('remove', path, ['d_remove', path])
    },
    async removeMatching(folder, prefix, suffix) {
      const names = queue.known(() => queue.mirror.names(folder))
      const matching = names?.filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
      if (matching?.length === 0) return
      for (const name of matching ?? []) queue.mirror.removed(join(folder, name))
      await change('clear', folder, ['d_matching', folder, prefix, suffix])
    },
    async removeIfEmpty(folder) {
      const names = await looks.entries(folder)
      if (names.length > 0 || (await looks.kindOf(folder)) === 'nothing') return
      queue.mirror.removed(folder)
      await change('remove', folder, ['d_rmdir', folder])
    },
    async removeTree(path, trash) {
      if ((await looks.kindOf(path)) === 'nothing') return false
      const placed = queue.placedPath(path)
      placed?.tree.remove(placed.inside)
      if (placed === null) queue.mirror.removed(path)
      await change('remove', path, ['d_bury', path, trash])
      return true
    },
    async removeAtOnce(path, tolerance) {
      if ((await looks.kindOf(path)) === 'nothing') return
      queue.mirror.removed(path)
      await change('remove', path, ['d_purge', path], { isTolerant: tolerance === 'tolerant' })
    },
    sync: (folder) => change('write', folder, ['d_sync', folder]),
  }
  return changes
}

/** `g-w,o-rwx` for 027. */
function withoutBits(umask: number): string {
  const bits = (at: number): string =>
    ['x', 'w', 'r'].filter((_, bit) => (umask >> (at * 3 + bit)) & 1).join('')
  const classes = ['o', 'g', 'u'].map((who, at) => [who, bits(at)] as const)
  return classes.flatMap(([who, taken]) => (taken === '' ? [] : [`${who}-${taken}`])).join(',')
}

function ownerText({ uid, gid }: OwnerNumbers): string {
  return gid === null ? `${uid}` : `${uid}:${gid}`
}
