/**
 * Checkouts of git commits, as the git source makes them (src/drivers/sources/git/git-checkout.ts):
 *
 *   <commit>-<way>          the folder; <way> is short for how it was made
 *   <commit>-<way>.digest   its digest, without which it is not taken for whole; touched whenever it is used
 *   <commit>-<way>.bytes    its size, counted once, by the upkeep
 *   .making-<commit>-<way>  one that is being made, or was when its process was killed
 *   <commit>-<way>.lock     who makes it
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError } from '../../base/deploy-error.js'
import { shortDigest } from '../../base/hash.js'
import { ifThere } from '../system/if-there.js'
import { writeAtomically } from '../system/write-atomically.js'
import { namesIn, statOf, type Lying } from './lying.js'
import { treeDigest } from './tree-manifest.js'
import { walkTree } from './walk-tree.js'

const making = '.making-'
const checkoutName = /^([0-9a-f]{40}|[0-9a-f]{64})-[0-9a-f]+$/

export async function lyingCheckouts(
  directory: string,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly Lying[]> {
  const found: Lying[] = []
  for (const name of await namesIn(directory)) {
    const begun = name.startsWith(making)
    const commit = checkoutName.exec(begun ? name.slice(making.length) : name)?.[1]
    if (commit === undefined) continue
    const lying = await checkout(directory, prefix, name, commit, begun, signal)
    if (lying !== null) found.push(lying)
  }
  return found
}

async function checkout(
  directory: string,
  prefix: string,
  name: string,
  commit: string,
  begun: boolean,
  signal: AbortSignal,
): Promise<Lying | null> {
  const folder = join(directory, name)
  const digestFile = `${folder}.digest`
  const usedAtMs = async () => ((await statOf(digestFile)) ?? (await statOf(folder)))?.mtimeMs ?? 0
  if ((await statOf(folder))?.isDirectory() !== true) return null
  return {
    entry: {
      kind: begun ? 'beginning' : 'checkout',
      id: join(prefix, name),
      digest: `${commit.length === 64 ? 'git-sha256' : 'sha1'}:${commit}`,
      bytes: begun ? await sizeOf(folder, signal) : await countedSize(folder, signal),
      name: shortDigest(commit),
      source: '',
      version: '',
      usedAt: new Date(await usedAtMs()).toISOString(),
    },
    path: folder,
    lock: `${begun ? join(directory, name.slice(making.length)) : folder}.lock`,
    // without its digest the folder is made anew, so that has to go first
    remains: begun ? [folder] : [digestFile, `${folder}.bytes`, folder],
    usedAtMs,
    isSound: begun ? null : (checking) => isSound(folder, digestFile, checking),
  }
}

async function isSound(folder: string, digestFile: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await readFile(digestFile, 'utf8')) === (await treeDigest(folder, signal))
  } catch (error) {
    if (error instanceof DeployError && error.code === 'CANCELLED') throw error
    return false // not whole, or not to be read: as little as the git source would it use it
  }
}

/** A checkout never changes, and may have tens of thousands of files. */
async function countedSize(folder: string, signal: AbortSignal): Promise<number> {
  const counted = Number((await ifThere(readFile(`${folder}.bytes`, 'utf8'))) ?? Number.NaN)
  if (Number.isSafeInteger(counted)) return counted
  const bytes = await sizeOf(folder, signal)
  await writeAtomically(`${folder}.bytes`, String(bytes))
  return bytes
}

async function sizeOf(folder: string, signal: AbortSignal): Promise<number> {
  let bytes = 0
  for await (const found of walkTree(folder, signal)) if (found.type === 'file') bytes += found.size
  return bytes
}
