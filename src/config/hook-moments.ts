/** Which moments of a deployment know the folder of a new release; the default directory and a rule both ask. */
import { hookMoments } from '../model/spec.js'

const without: readonly string[] = ['beforeDeploy', 'beforeRollback', 'onFailure']

export const momentsWithRelease: ReadonlySet<string> = new Set(
  hookMoments.filter((moment) => !without.includes(moment)),
)
