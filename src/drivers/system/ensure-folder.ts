/** Makes a folder and its missing parents, private by default, so that they survive a power cut. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { DeployError, systemCodeOf } from '../../base/deploy-error.js'
import { naming } from './file-error.js'
import { syncFolder } from './sync-folder.js'

export async function ensureFolder(path: string, mode = 0o700): Promise<void> {
  const wanted = resolve(path)
  await naming('make the folder', wanted, async () => {
    const first = await makeAll(wanted, mode)
    if (first === undefined) return
    // From the deepest new folder up to the one that was there: each new name is its parent's data.
    const until = dirname(resolve(first))
    for (let folder = dirname(wanted); ; folder = dirname(folder)) {
      await syncFolder(folder)
      if (folder === until || folder === dirname(folder)) return
    }
  })
}

/** The first folder that had to be made, or undefined when all were there. */
async function makeAll(path: string, mode: number): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true, mode })
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST' || (await stat(path)).isDirectory()) throw error
    throw new DeployError('FILE_EXISTS', `cannot make the folder ${path}: a file of that name is there`, {
      hint: 'Move that file away, or choose another path.',
      cause: error,
    })
  }
}
