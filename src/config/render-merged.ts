/** The merged document as YAML, for `validate --show-merged`. Secrets in it are references. */
import type { Json } from '../base/hash.js'
import { withoutPlaces } from '../model/interpolate-host.js'

export async function renderMerged(merged: Json): Promise<string> {
  const { stringify } = await import('yaml')
  return withoutPlaces(stringify(merged, { lineWidth: 0, aliasDuplicateObjects: false }))
}
