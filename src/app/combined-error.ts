/** Several refusals as one: the first speaks for all, the others are its details, so that all can be mended in one go. */
import { DeployError } from '../base/deploy-error.js'

export function combinedError(refusals: readonly unknown[]): unknown {
  const [first, ...others] = refusals
  if (others.length === 0 || !(first instanceof DeployError)) return first
  return new DeployError(first.code, first.message, {
    details: [
      ...first.details,
      ...others.map((error) => `also: ${error instanceof Error ? error.message : String(error)}`),
    ],
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    cause: first,
  })
}
