/** Making sure that a whole tree is on the disk, so that a release which a power cut leaves in place is not hollow. */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCodeOf } from '../../../base/deploy-error.js'
import { syncFolder } from '../../system/sync-folder.js'

const filesAtOnce = 16

/** Flushes every file and folder of a tree. Links are entries of their folder. */
export async function flushTree(root: string): Promise<void> {
  const folders = [root]
  const files: string[] = []
  for (const folder of folders) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory())
        folders.push(path) // and the loop comes to it
      else if (entry.isFile()) files.push(path)
    }
  }
  const flushNext = async (): Promise<void> => {
    for (let path = files.pop(); path !== undefined; path = files.pop()) await flushFile(path)
  }
  await Promise.all(Array.from({ length: filesAtOnce }, flushNext))
  for (const folder of folders.reverse()) await syncFolder(folder)
}

async function flushFile(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r')
    try {
      await handle.datasync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (systemCodeOf(error) !== 'EACCES') throw error // it ships files its own user may not read
  }
}
