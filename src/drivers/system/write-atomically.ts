/**
 * Writes a whole file so that a reader, or the next start after a power cut, sees the old content or the new, never half.
 *
 * It is ours because the package of that trade, write-file-atomic, takes a short write for a whole one (which is what
 * a disk that is filling up answers), does not sync the folder, and keeps the modes of whatever was there before.
 */
import { link, open, readdir, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { systemCodeOf } from '../../base/deploy-error.js'
import { naming } from './file-error.js'
import { randomHex } from './random-hex.js'
import { syncFolder } from './sync-folder.js'

/** Replaces the file, or makes it. The folder must be there. */
export async function writeAtomically(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  await naming('write', path, () =>
    throughTemporary(path, data, mode, async (temporary) => {
      await rename(temporary, path)
    }),
  )
}

/** Makes the file, whole, unless one is there; false when there is. Of several at once exactly one gets true. */
export async function createAtomically(
  path: string,
  data: string | Uint8Array,
  mode = 0o600,
): Promise<boolean> {
  let created = true
  await naming('create', path, () =>
    throughTemporary(path, data, mode, async (temporary) => {
      try {
        await link(temporary, path)
      } catch (error) {
        if (systemCodeOf(error) !== 'EEXIST') throw error
        created = false
      }
      await unlink(temporary)
    }),
  )
  return created
}

async function throughTemporary(
  path: string,
  data: string | Uint8Array,
  mode: number,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `${temporaryPrefix(path)}${randomHex(12)}.tmp`)
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(data) // repeats short writes until all is written or the disk says no
      await handle.sync()
    } finally {
      await handle.close()
    }
    await publish(temporary)
  } catch (error) {
    await unlink(temporary).catch(() => undefined) // best effort: what counts is the error above
    throw error
  }
  await syncFolder(dirname(path))
}

/** Removes what writers of this file left behind when they were killed. Only for one who knows that none is at it. */
export async function removeTemporaries(path: string): Promise<void> {
  const names = await readdir(dirname(path)).catch(() => [])
  const left = names.filter((name) => name.startsWith(temporaryPrefix(path)) && name.endsWith('.tmp'))
  await Promise.all(left.map((name) => unlink(join(dirname(path), name)).catch(() => undefined)))
}

function temporaryPrefix(path: string): string {
  return `.${basename(path)}.`
}
