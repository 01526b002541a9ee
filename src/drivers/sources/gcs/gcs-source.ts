/** Releases that are objects of a bucket of Google Cloud Storage. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Ports } from '../../../model/ports.js'
import type { SourceDriver } from '../../../model/source.js'
import type { DriverSpec } from '../../../model/spec.js'
import { bucketLayout } from '../bucket/bucket-layout.js'
import { bucketSource } from '../bucket/bucket-source.js'
import { gcsBucket } from './gcs-bucket.js'
import { googleLogin, noLogin, type GcsLogin } from './gcs-login.js'
import { gcsSchema } from './gcs-schema.js'

/** As the schema admits them. */
type GcsOptions = DriverSpec & {
  readonly bucket: string
  readonly prefix?: string
  readonly pattern: string
  readonly keyFile?: string
  readonly anonymous?: boolean
  readonly endpoint?: string
}

const google = 'https://storage.googleapis.com'

export const gcsSource: SourceDriver = {
  type: 'gcs',
  schema: gcsSchema,
  create(name, written, ports) {
    const options = written as GcsOptions // validated by gcsSchema
    const { bucket } = options
    const server = serverOf(options, ports.env)
    const client = gcsBucket({ bucket, server }, loginOf(options, server, ports), ports)
    return bucketSource(
      { source: name, scheme: 'gs', bucket, server, layout: bucketLayout(options), client },
      ports,
    )
  },
}

/** As Google's own libraries read the variable: with or without `http://`. */
function serverOf({ endpoint }: GcsOptions, env: Ports['env']): string {
  const emulator = env['STORAGE_EMULATOR_HOST'] ?? ''
  const written = endpoint ?? (emulator === '' ? google : emulator)
  const address = /^https?:\/\//.test(written) ? written : `http://${written}`
  return address.replace(/\/+$/, '')
}

/** A login for Google is never sent to another server, unless a file was named for it. */
function loginOf({ keyFile, anonymous }: GcsOptions, server: string, ports: Ports): GcsLogin {
  if (keyFile !== undefined && anonymous === true) {
    throw new DeployError('CONFIG_INVALID', 'keyFile: and anonymous: are two ways to log in', {
      hint: 'Keep one of them.',
    })
  }
  const isElsewhere = server !== google
  if (anonymous === true || (isElsewhere && keyFile === undefined)) return noLogin
  return googleLogin(keyFile, ports)
}
