/**
 * The files that a person names on the command line: saved plans, and the deploy.yaml that `init` writes. `path` is as
 * it was typed, for messages; it starts in `folder`.
 */
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DeployError, systemCodeOf } from '../base/deploy-error.js'

export async function readUserFile(folder: string, path: string): Promise<string> {
  try {
    return await readFile(resolve(folder, path), 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') {
      throw new DeployError('USAGE', `There is no file ${path}.`, {
        hint: 'deployctl plan --out FILE writes one',
      })
    }
    throw foreign(error, path, 'read')
  }
}

/** Whole or not at all, and for the user alone: a plan tells much of a system. */
export async function writeUserFile(folder: string, path: string, text: string): Promise<void> {
  const file = resolve(folder, path)
  const temporary = `${file}.${process.pid}.tmp`
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw foreign(error, path, 'written')
  }
}

/** Throws FILE_EXISTS rather than overwrite; an empty file may be filled. */
export async function createUserFile(
  folder: string,
  path: string,
  text: string,
  option: '--file' | '--out' = '--file',
): Promise<void> {
  const file = resolve(folder, path)
  try {
    await writeFile(file, text, { flag: (await isEmptyFile(file)) ? 'w' : 'wx' })
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') {
      throw new DeployError('FILE_EXISTS', `${path} is there already; it was left as it is.`, {
        hint: `move it away, or write to another place with ${option}`,
      })
    }
    throw foreign(error, path, 'written')
  }
}

async function isEmptyFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile() && found.size === 0,
    () => false,
  )
}

function foreign(error: unknown, path: string, what: string): DeployError {
  const code = systemCodeOf(error)
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
  const message = error instanceof Error ? error.message : String(error)
  return new DeployError(
    denied ? 'PERMISSION_DENIED' : code === 'ENOSPC' ? 'DISK_FULL' : 'USAGE',
    `${path} cannot be ${what}.`,
    { details: [message], cause: error },
  )
}
