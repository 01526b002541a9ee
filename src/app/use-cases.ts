/** The use cases of one project and environment, bound to their world: what the command line calls. */
import { abortDeployment } from './a-persons-mark.js'
import { approve } from './approve.js'
import { lookOnce } from './agent/look-once.js'
import { runAgent } from './agent/run-agent.js'
import { examineHosts } from './examine-hosts.js'
import { listCache, pruneCache, verifyCache } from './cache-upkeep.js'
import { deploy, deploySaved, restart, rollBack } from './deploy.js'
import { freezeEnvironment, unfreezeEnvironment } from './freezes.js'
import { holdRelease, unholdRelease } from './holds.js'
import { listReleases } from './list-releases.js'
import { execInside, showLogs } from './look-inside.js'
import { pinService, unpinService } from './pins.js'
import { planApply, planRollback } from './plan-release.js'
import { recover } from './recover.js'
import { refuseUnfinished } from './refuse-unfinished.js'
import type { UseCases } from './requests.js'
import { runOnHosts } from './run-on-hosts.js'
import { savePlan } from './saved-plan.js'
import { showDeployment, showHistory } from './show-history.js'
import { showStatus } from './show-status.js'
import { unfinishedCanary } from './unfinished-canary.js'
import type { World } from './world.js'

export function createUseCases(world: World): UseCases {
  return {
    async planRelease(request, signal) {
      await refuseUnfinished(world, false)
      return planApply(world, request, signal)
    },
    async planRollback(request, signal) {
      await refuseUnfinished(world, false)
      return planRollback(world, request, signal)
    },
    savePlan: (plan) => savePlan(world, plan),
    deploy: (request, execution, signal) => deploy(world, request, execution, signal),
    deploySaved: (text, execution, signal) => deploySaved(world, text, execution, signal),
    rollBack: (request, execution, signal) => rollBack(world, request, execution, signal),
    restart: (service, execution, signal) => restart(world, service, execution, signal),
    showLogs: (request, listener, signal) => showLogs(world, request, listener, signal),
    execInside: (request, listener, signal) => execInside(world, request, listener, signal),
    recover: (direction, execution, signal) => recover(world, direction, execution, signal),
    approve: (request, signal) => approve(world, request, signal),
    abort: (request, signal) => abortDeployment(world, request, signal),
    unfinishedCanary: () => unfinishedCanary(world),
    showStatus: (signal) => showStatus(world, signal),
    showHistory: (limit) => showHistory(world, limit),
    showDeployment: (id) => showDeployment(world, id),
    listReleases: (services, signal) => listReleases(world, services, signal),
    pin: (service, version, reason) => pinService(world, service, version, reason),
    unpin: (service) => unpinService(world, service),
    hold: (service, version, reason, signal) => holdRelease(world, service, version, reason, signal),
    unhold: (service, version) => unholdRelease(world, service, version),
    freeze: (reason, until) => freezeEnvironment(world, reason, until),
    unfreeze: () => unfreezeEnvironment(world),
    lookOnce: (signal) => lookOnce(world, signal),
    runAgent: (desk, signal) => runAgent(world, desk, signal),
    unlock: (id) => world.store.breakLock(world.config.environment, id),
    runOnHosts: (request, listener, signal) => runOnHosts(world, request, listener, signal),
    examineHosts: (selection, signal) => examineHosts(world, selection, signal),
    listCache: (signal) => listCache(world, signal),
    pruneCache: (signal) => pruneCache(world, signal),
    verifyCache: (onChecked, signal) => verifyCache(world, onChecked, signal),
  }
}
