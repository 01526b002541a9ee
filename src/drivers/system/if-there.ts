/** Reading what may not exist: its absence is an answer, every other failure stays an error. */
import { systemCodeOf } from '../../base/deploy-error.js'

/** Null when the path, or a folder on the way to it, does not exist. */
export async function ifThere<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw error
  }
}
