/**
 * The files of a place on a host over SSH: changes wait until somebody has to know what is there, or they are to be
 * settled, and go in one round trip together with the looks. One of it serves one operation; what it has seen may be
 * handed to the next one of the same deployment, which holds the claim.
 */
import { DeployError } from '../../../../base/deploy-error.js'
import { bringing } from './bring-release.js'
import type { HostFiles } from './host-files.js'
import { remoteChanges } from './remote-changes.js'
import { remoteLooks } from './remote-looks.js'
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
    ready: bringing(queue, looks),
    scan(folder) {
      if (queue.placed?.folder === folder) return Promise.resolve(queue.placed.manifest())
      throw new DeployError('BUG', `${folder} has not been unpacked in this operation.`)
    },
  }
}
