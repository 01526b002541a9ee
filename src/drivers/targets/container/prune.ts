/**
 * Retention: removes the images that nobody is to roll back to any more, and containers of ours that have ended. What
 * runs stays whatever the plan says, with its image; one failure hinders no other. Volumes are never touched.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { OperationContext } from '../../../model/target.js'
import { listOurs, type Listed } from './containers.js'
import { removeTag } from './discard.js'
import { listImages } from './inspect.js'
import { imageRepository, imageTag, labels } from './names.js'
import type { Place } from './place.js'
import { removeContainer } from './stop.js'

/** Containers that may go: ended ones of releases that are not kept. */
function endedOnes(listed: readonly Listed[], keep: readonly string[]): readonly Listed[] {
  const isOver = (state: string) => ['created', 'exited', 'dead'].includes(state)
  return listed.filter(({ State, Labels }) => isOver(State) && !keep.includes(Labels[labels.name] ?? ''))
}

export async function pruneReleases(
  place: Place,
  keep: readonly string[],
  context: OperationContext,
): Promise<readonly string[]> {
  const { scope } = place
  const { signal } = context
  const failures: string[] = []
  const attempt = async (what: string, work: () => Promise<boolean>): Promise<boolean> => {
    if (signal.aborted) return false
    try {
      return await work()
    } catch (error) {
      failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
      return false
    }
  }
  const listed = await listOurs(place, signal)
  const ended = endedOnes(listed, keep)
  for (const container of ended) {
    await attempt(container.Names.join(', '), async () => {
      await removeContainer(place, container.Id, signal)
      return true
    })
  }
  const used = listed.filter((one) => !ended.includes(one)).map(({ Labels }) => Labels[labels.name] ?? '')
  const stays = new Set([...keep, ...used].map((name) => imageTag(scope, name)))
  const removed: string[] = []
  for (const { tag } of await listImages(place, signal)) {
    if (stays.has(tag)) continue
    if (await attempt(tag, () => removeTag(place, tag, signal))) {
      removed.push(tag.slice(imageRepository(scope).length + 1))
    }
  }
  // Nothing is kept: the service has gone.
  if (keep.length === 0 && place.router?.end !== undefined) {
    await attempt('the router', async () => {
      await place.router?.end?.(context)
      return true
    })
  }
  if (failures.length === 0) return removed
  throw new DeployError(
    'TARGET_REFUSED',
    `${failures.length} of what ${scope.service} no longer needs could not be removed from the engine.`,
    { details: failures, hint: 'It harms nothing but takes room; a later deployment tries again.' },
  )
}
