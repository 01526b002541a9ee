/** Refuses a `verify:` that its source can never meet, when the source is made and not when a release is staged. */
import { DeployError } from '../../base/deploy-error.js'
import type { Source } from '../../model/source.js'
import type { DriverSpec } from '../../model/spec.js'
import { asksForCompanions, verifyOptionsOf } from './verify-options.js'

export function refuseUnprovable(spec: DriverSpec, source: Source): void {
  const options = verifyOptionsOf(spec)
  if (options === null) return
  if (options.digest === undefined && !asksForCompanions(options)) {
    throw new DeployError('CONFIG_INVALID', 'verify: names no proof', {
      hint: 'Name one of digest, checksums, minisign, gpg or sigstore, or leave verify: out.',
    })
  }
  if (source.companion !== undefined || !asksForCompanions(options)) return
  throw new DeployError(
    'CONFIG_INVALID',
    `nothing lies beside the releases of a source of type ${spec.type}`,
    {
      hint: 'No checksums or signatures can be looked for there: prove its releases with verify.digest alone.',
    },
  )
}
