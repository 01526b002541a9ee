/** The entries of a release folder that are releases, with their versions; everything else in it is passed over. */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import { versionReader } from '../version-pattern.js'

/** Names in a message; the rest is counted. */
const shownCount = 5

export interface ReleaseEntry {
  readonly version: string
  readonly kind: 'archive' | 'folder'
  /** Within the folder. */
  readonly name: string
}

const archiveEnding = /\.(tar|tar\.gz|tgz|tar\.bz2|tbz2?|tar\.xz|txz|tar\.zst|tzst|zip)$/i
/** What uploads in progress look like, beside hidden names. */
const unfinished = /(\.(tmp|temp|part|partial|filepart|crdownload)|~)$/i

/** Throws DeployError VERSION_NOT_FOUND where there are releases by their looks, but none has a name of the pattern. */
export async function listEntries(folder: string, pattern: string): Promise<readonly ReleaseEntry[]> {
  const names = await namesIn(folder)
  const found = await Promise.all(names.map((name) => entryOf(folder, name, pattern)))
  const entries = found.filter((entry) => entry !== null)
  if (entries.length > 0) return entries
  const misfits = await misfitsOf(folder, names, pattern)
  if (misfits.length > 0) throw noneFits(folder, pattern, misfits)
  return []
}

/** Folders, archives, and any file where the pattern has an ending of its own. */
async function misfitsOf(
  folder: string,
  names: readonly string[],
  pattern: string,
): Promise<readonly string[]> {
  const looks = await Promise.all(
    names.map(async (name) => {
      const found = await stat(path.join(folder, name)).catch(() => null)
      const isFile = found?.isFile() === true
      return (
        found?.isDirectory() === true ||
        (isFile && (archiveEnding.test(name) || !pattern.endsWith('{version}')))
      )
    }),
  )
  return names.filter((_, index) => looks[index])
}

function noneFits(folder: string, pattern: string, misfits: readonly string[]): DeployError {
  const more = misfits.length > shownCount ? ` and ${misfits.length - shownCount} more` : ''
  return new DeployError('VERSION_NOT_FOUND', `nothing in the folder ${folder} fits the pattern ${pattern}`, {
    hint: 'Set pattern: on the source to what the names look like, with {version} in place of the version.',
    details: [`there is: ${misfits.slice(0, shownCount).join(', ')}${more}`],
  })
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder)
    return names.filter((name) => !name.startsWith('.') && !unfinished.test(name)).sort()
  } catch (error) {
    throw folderError(error, folder)
  }
}

async function entryOf(folder: string, name: string, pattern: string): Promise<ReleaseEntry | null> {
  const asFile = versionOfFile(name, pattern)
  const asFolder = versionReader(pattern)(name)
  if (asFile === null && asFolder === null) return null
  // a link counts as what it leads to; one that leads nowhere, or an entry that has just gone, is none
  const found = await stat(path.join(folder, name)).catch(() => null)
  if (found?.isDirectory() === true && asFolder !== null) return { version: asFolder, kind: 'folder', name }
  if (found?.isFile() === true && asFile !== null) return { version: asFile, kind: 'archive', name }
  return null
}

/** `shop-{version}` finds `shop-1.0.0.tar.gz`; a file that is no archive is found when the pattern has its ending. */
function versionOfFile(name: string, pattern: string): string | null {
  const versionOf = versionReader(pattern)
  const stem = archiveEnding.test(name) ? versionOf(name.replace(archiveEnding, '')) : null
  if (stem !== null) return stem
  return pattern.endsWith('{version}') ? null : versionOf(name)
}

export function folderError(error: unknown, folder: string): unknown {
  const code = systemCodeOf(error)
  if (code === 'ENOENT') {
    return new DeployError('SOURCE_NOT_FOUND', `the folder ${folder} does not exist`, {
      hint: 'Check path: on the source; a relative path starts at the folder of deploy.yaml.',
      cause: error,
    })
  }
  if (code === 'ENOTDIR') {
    return new DeployError('SOURCE_NOT_FOUND', `${folder} is not a folder`, {
      hint: 'path: has to name the folder that holds the releases, not one of them.',
      cause: error,
    })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new DeployError('SOURCE_DENIED', `the folder ${folder} may not be read by this user`, {
      hint: `Check who owns it and its mode: ls -ld ${folder}`,
      cause: error,
    })
  }
  return error
}
