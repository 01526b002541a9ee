/** What is said when something shipped cannot be moved to where it is shared, on any host. */
import { DeployError } from '../../../../base/deploy-error.js'

export function onOtherDisk(to: string, cause?: unknown): DeployError {
  return new DeployError(
    'TARGET_REFUSED',
    `${to} cannot take what the release ships: it lies on another file system.`,
    { hint: `Put the first one there yourself: make ${to}, then deploy again.`, cause },
  )
}
