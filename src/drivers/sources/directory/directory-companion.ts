/** A small file beside the releases of a folder: a list of checksums, a signature. */
import { open } from 'node:fs/promises'
import path from 'node:path'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import { formatSize } from '../../../base/size.js'
import { folderError } from './release-entries.js'

const mostBytes = 2 ** 20

/** Null when there is no file of that name. A name with a folder in it is not beside the release. */
export async function readCompanion(folder: string, name: string): Promise<Uint8Array | null> {
  if (path.basename(name) !== name || name === '..') return null
  const full = path.join(folder, name)
  const handle = await open(full, 'r').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw systemCodeOf(error) === 'EACCES' ? denied(full, error) : folderError(error, folder)
  })
  if (handle === null) return null
  try {
    const found = await handle.stat()
    if (!found.isFile()) return null
    if (found.size > mostBytes) throw tooLarge(full, found.size)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

function denied(full: string, cause: unknown): DeployError {
  return new DeployError('SOURCE_DENIED', `${full} may not be read by this user`, {
    hint: `Check who owns it and its mode: ls -l ${full}`,
    cause,
  })
}

function tooLarge(full: string, bytes: number): DeployError {
  return new DeployError(
    'SOURCE_GARBAGE',
    `${full} has ${formatSize(bytes)} where a signature was expected`,
    {
      hint: 'Checksums and signatures are small files. Check the name under verify: on the source.',
    },
  )
}
