/**
 * A lease in a folder that the hosts share: a disk over the network, or a folder of one machine.
 *
 * Each change is a new file with the next number, made by a hard link, which of several at once succeeds for one; the
 * highest number counts. Nothing is ever locked, so nothing is left locked when a host dies, and no clock plays a part.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Lease, LeaseDriver, LeaseText } from '../../model/lease.js'
import { ensureFolder } from '../system/ensure-folder.js'
import { naming } from '../system/file-error.js'
import { ifThere } from '../system/if-there.js'
import { createAtomically } from '../system/write-atomically.js'

const namePattern = /^waves\.(\d{12})\.json$/

export const folderLease = {
  type: 'folder',
  schema: {
    type: 'object',
    description: 'A lease in a folder that all hosts reach: NFS, or any other disk that knows hard links.',
    additionalProperties: false,
    required: ['type', 'path'],
    properties: {
      type: { const: 'folder', description: 'The kind of lease.', examples: ['folder'] },
      path: {
        type: 'string',
        minLength: 1,
        description:
          'The folder; a relative path starts at the folder of deploy.yaml. It may be shared by projects.',
        examples: ['/mnt/deploys'],
      },
    },
  },
  create(name, options, ports): Lease {
    const root = resolve(ports.projectDirectory, typeof options['path'] === 'string' ? options['path'] : '.')
    return leaseIn(join(root, name))
  },
} as const satisfies LeaseDriver

function leaseIn(folder: string): Lease {
  const numbers = async (): Promise<readonly number[]> => {
    const names = (await naming('read', folder, () => ifThere(readdir(folder)))) ?? []
    return names
      .flatMap((name) => namePattern.exec(name)?.slice(1, 2).map(Number) ?? [])
      .sort((a, b) => b - a)
  }
  const pathOf = (number: number): string => join(folder, `waves.${String(number).padStart(12, '0')}.json`)
  return {
    async read(signal): Promise<LeaseText | null> {
      for (;;) {
        signal.throwIfAborted()
        const [newest] = await numbers()
        if (newest === undefined) return null
        const text = await naming('read', pathOf(newest), () => ifThere(readFile(pathOf(newest), 'utf8')))
        if (text !== null) return { text, mark: String(newest) } // else it was cleared away meanwhile
      }
    },
    async writeIf(mark, text) {
      await ensureFolder(folder)
      const own = mark === null ? 1 : Number(mark) + 1
      if (!(await createAtomically(pathOf(own), text))) return false
      const [newest = 0, ...older] = await numbers()
      // the number was free because it had long been cleared away: what was written does not count
      if (newest !== own) return false
      // one older is left for those who are about to read it
      await Promise.allSettled(older.slice(1).map((number) => rm(pathOf(number), { force: true })))
      return true
    },
  }
}
