/**
 * The address of one object of a bucket as a release carries it: `s3://shop/releases/1.4.2.tgz?versionId=…`. It is
 * written and read here only, because keys may hold anything, question marks and dots included.
 */
import { DeployError } from '../../../base/deploy-error.js'

export interface ObjectPlace {
  readonly key: string
  /** Which of the contents that the key has had: S3's version id, or GCS's generation. Null: the one it has now. */
  readonly edition: string | null
}

export function writeAddress(scheme: string, bucket: string, { key, edition }: ObjectPlace): string {
  const path = key.split('/').map(encodeURIComponent).join('/')
  const query = edition === null ? '' : `?edition=${encodeURIComponent(edition)}`
  return `${scheme}://${bucket}/${path}${query}`
}

/** Throws DeployError STATE_CORRUPT for anything that writeAddress has not written. */
export function readAddress(address: string): ObjectPlace {
  const parts = /^[a-z0-9]+:\/\/[^/]+\/([^?]*)(?:\?edition=(.+))?$/.exec(address)
  try {
    if (parts !== null) {
      const [, path = '', edition = null] = parts
      return {
        key: path.split('/').map(decodeURIComponent).join('/'),
        edition: edition === null ? null : decodeURIComponent(edition),
      }
    }
  } catch {
    // a percent sign that encodes nothing
  }
  throw new DeployError(
    'STATE_CORRUPT',
    `"${address.slice(0, 200)}" is no address of an object in a bucket`,
    {
      hint: 'Plan again.',
    },
  )
}
