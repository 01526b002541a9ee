/**
 * The files of a place on a host over SSH: changes wait until somebody has to know what is there, or they are to be
 * settled, and go in one round trip together with the looks. One of it serves one operation; what it has seen may be
 * handed to the next one of the same deployment, which holds the claim.
 */
import { DeployError } from '../../../../base/deploy-error.js'
import { formatSize } from '../../../../base/size.js'
import type { HostFiles } from './host-files.js'
import { PlacedTree } from './placed-tree.js'
import { remoteChanges } from './remote-changes.js'
import { remoteLooks, type Looks } from './remote-looks.js'
import { RemoteQueue, type RemoteGround, type Seen } from './remote-queue.js'

export interface RemoteFiles extends HostFiles {
  /** Everything that is known now, for the next operation. */
  seen(): Seen
}

export function remoteFiles(ground: RemoteGround): RemoteFiles {
  const queue = new RemoteQueue(ground)
  const looks = remoteLooks(queue)
  return {
    ...looks,
    ...remoteChanges(queue, looks),
    seen: () => ({ mirror: queue.mirror, answers: queue.answers }),
    foresee: (wanted) => queue.foresee(wanted),
    forget: () => queue.forget(),
    settle: () => queue.settle(),
    ready: readying(queue, looks),
    scan(folder) {
      if (queue.placed?.folder === folder) return Promise.resolve(queue.placed.manifest())
      throw new DeployError('BUG', `${folder} has not been unpacked in this operation.`)
    },
  }
}

function readying(queue: RemoteQueue, looks: Looks): HostFiles['ready'] {
  const { prepare, layout, link } = queue.ground
  const { name } = link.host
  return async (obtain, release, options, context) => {
    const ready = await prepare(obtain, release, options, context)
    return async (folder) => {
      const needed = ready.unpackedBytes + ready.bytes
      // what was seen earlier may still count what is removed by now
      if ((await looks.room(layout.root)).bytes < needed) queue.answers.rooms.delete(layout.root)
      const { bytes: free } = await looks.room(layout.root)
      if (needed > free) {
        const need = formatSize(needed)
        throw new DeployError(
          'DISK_FULL',
          `${release.artifact.name} does not fit on the disk of ${folder} on ${name}: it takes about ${need}, ${formatSize(free)} are free.`,
          { hint: 'Free some space there, or lower keepReleases; then deploy again.' },
        )
      }
      const archive = `${folder}.${ready.sha256.slice(0, 16)}.tgz`
      const bytes = String(ready.bytes)
      const label = `sending to ${name}`
      queue.onSent = (done) => context.onProgress({ done, total: ready.bytes, unit: 'bytes', label })
      await queue.change('send', archive, ['d_receive', bytes, archive, bytes], { input: ready.input })
      await queue.change('unpack to', folder, ['d_unpack', archive, folder, ready.sha256])
      const modes = ready.lateModes.flatMap(({ mode, path }) => [mode.toString(8), path])
      if (modes.length > 0) await queue.change('unpack to', folder, ['d_modes', folder, ...modes])
      queue.mirror.appeared(folder, 'folder')
      queue.placed = new PlacedTree(folder, ready.manifest)
    }
  }
}
