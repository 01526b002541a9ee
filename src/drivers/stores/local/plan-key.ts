/** The key that signs saved plans: 32 random bytes beside the state, made when first asked for. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { naming } from '../../system/file-error.js'
import { ifThere } from '../../system/if-there.js'
import { createAtomically } from '../../system/write-atomically.js'

const keyBytes = 32

export async function planKey(path: string): Promise<Uint8Array> {
  const known = await readKey(path)
  if (known !== null) return known
  await ensureFolder(dirname(path))
  const fresh = randomBytes(keyBytes)
  if (await createAtomically(path, fresh)) return fresh
  return (await readKey(path)) ?? fresh // another process was first
}

async function readKey(path: string): Promise<Uint8Array | null> {
  const key = await naming('read', path, () => ifThere(readFile(path)))
  if (key === null || key.length === keyBytes) return key
  throw new DeployError(
    'STATE_CORRUPT',
    `the key of saved plans, ${path}, holds ${key.length} bytes, not ${keyBytes}`,
    {
      hint: 'Delete it: a new one is made, and plans that were saved before have to be saved again.',
    },
  )
}
