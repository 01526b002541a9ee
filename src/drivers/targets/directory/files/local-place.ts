/**
 * Making the path of a target and deployctl's own folder in it on this machine. The topmost missing one is made beside
 * its place, with all that goes into it, and renamed: a kill leaves all of it or a draft that the next one removes.
 */
import { chmod, mkdir, rename } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { DeployError, systemCodeOf } from '../../../../base/deploy-error.js'
import { randomHex } from '../../../system/random-hex.js'
import { syncFolder } from '../../../system/sync-folder.js'
import { writeAtomically } from '../../../system/write-atomically.js'
import { ancestorsOf, draftPrefix, type Layout } from '../layout.js'
import { isThere } from './local-trees.js'

const mostTries = 100

export async function makePlace(layout: Layout, made: string): Promise<void> {
  for (let tries = 1; !(await makeAtOnce(layout, made, tries === mostTries)); tries++);
}

/** False when a neighbour, who makes its own place below the same missing folder, came in between: look again. */
async function makeAtOnce(layout: Layout, made: string, isLast: boolean): Promise<boolean> {
  const top = await topmostMissing(layout)
  if (top === null) return true
  const draft = `${draftPrefix(top)}${randomHex(8)}`
  const own = join(draft, relative(top, layout.own))
  try {
    await mkdir(own, { recursive: true })
    await chmod(own, 0o700) // whatever the umask is
    await writeAtomically(join(own, basename(layout.made)), made)
    await rename(draft, top)
    await syncFolder(dirname(top))
    return true
  } catch (error) {
    if (isLast || !isNeighbours(error)) throw error
    return false
  }
}

async function topmostMissing(layout: Layout): Promise<string | null> {
  let top: string | null = null
  for (const path of [layout.own, ...ancestorsOf(layout.root)]) {
    if (await isThere(path)) break
    top = path
  }
  return top
}

/** The folder is there now, or the neighbour took our draft for one that was left behind. */
function isNeighbours(error: unknown): boolean {
  const found = error instanceof DeployError ? error.cause : error
  return ['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCodeOf(found) ?? '')
}
