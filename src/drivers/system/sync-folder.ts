/** Makes what was created, renamed or removed in a folder survive a power cut: the entries are the folder's own data. */
import { open } from 'node:fs/promises'
import { systemCodeOf } from '../../base/deploy-error.js'

/** Some network file systems refuse to sync a folder; they keep its entries safe by their own means. */
const refusals = new Set(['EINVAL', 'ENOTSUP', 'EBADF'])

export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (!refusals.has(systemCodeOf(error) ?? '')) throw error
  } finally {
    await handle.close()
  }
}
