/** `--host` and `--limit` of a deployment: nothing where neither is given, so that such a plan is one for all hosts. */
import type { PlanRequest } from '../app/requests.js'
import type { Options } from './options.js'

export function onlyHosts({ host, limitTo }: Pick<Options, 'host' | 'limitTo'>): Pick<PlanRequest, 'only'> {
  return host.length + limitTo.length === 0 ? {} : { only: { hosts: host, limit: limitTo } }
}
