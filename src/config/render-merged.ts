/** The merged document as YAML, for `validate --show-merged`. Secrets in it are references. */
import type { Json } from '../base/hash.js'

export async function renderMerged(merged: Json): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify(merged, { lineWidth: 0, aliasDuplicateObjects: false })
}
