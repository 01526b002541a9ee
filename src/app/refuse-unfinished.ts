/** No new deployment while an earlier one is half done: it has to be finished or undone first. */
import { DeployError } from '../base/deploy-error.js'
import { showRecorded } from '../base/moment.js'
import { unfinishedCanary } from './unfinished-canary.js'
import type { World } from './world.js'

export async function refuseUnfinished(world: World, underLock: boolean): Promise<void> {
  const { environment } = world.config
  const [deployment] = await world.store.unfinished(environment)
  if (deployment === undefined) return
  const holder = underLock ? null : await world.store.lockHolder(environment)
  if (holder !== null && holder.liveness !== 'dead') {
    throw new DeployError(
      'LOCKED',
      `a deployment to ${environment} is under way: ${holder.operation} by ${holder.by}`,
      {
        details: [
          `since ${showRecorded(holder.created)}, process ${holder.pid} on ${holder.host}, lock ${holder.id}`,
        ],
        hint: 'wait until it has ended; `deployctl status` shows it',
      },
    )
  }
  const file = await world.store.readJournal(environment, deployment)
  const header = file?.header
  const isCanary = !underLock && (await unfinishedCanary(world)) !== null
  throw new DeployError(
    'INTERRUPTED_DEPLOYMENT',
    `deployment ${deployment} to ${environment} was interrupted or is stuck; nothing new may begin before it is settled`,
    {
      details:
        header === undefined
          ? []
          : [`begun ${showRecorded(header.at)} by ${header.by}, process ${header.pid} on ${header.host}`],
      hint: `\`deployctl recover\` shows how far it came and finishes or undoes it${isCanary ? '; it is a canary, and `deployctl apply` undoes it before it begins' : ''}`,
    },
  )
}
