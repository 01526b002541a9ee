/**
 * A canary whose process died while old and new releases shared the traffic. It is the one kind of interrupted deployment
 * that a new one may undo by itself: the old release is up beside it, so going back is a switch and takes nothing away.
 */
import { isClosed, isUndoneWhole, statusesOf, type JournalFile } from '../model/journal.js'
import type { Operation } from '../model/operation.js'
import { findInterrupted } from './agent/recover-interrupted.js'
import type { UnfinishedCanary } from './requests.js'
import type { World } from './world.js'

/** Null when there is none, or when whoever runs it is alive. */
export async function unfinishedCanary(world: World): Promise<UnfinishedCanary | null> {
  const interrupted = await findInterrupted(world)
  const file = interrupted?.file ?? null
  if (interrupted === null || file === null || isClosed(file)) return null
  if (file.header.plan.project !== world.config.project) return null
  const services = sharing(file)
  if (services.length === 0 || isUndoneWhole(file)) return null
  const { by, at } = file.header
  return { deployment: interrupted.deployment, services, by, at }
}

/** Services with a part of the traffic for each of two releases: the last switch that had begun was one of a canary. */
function sharing({ header: { plan }, entries }: JournalFile): readonly string[] {
  const statuses = statusesOf(entries)
  const last = new Map<string, Operation>()
  for (const { id, service, apply } of plan.steps) {
    if (service !== null && apply.verb === 'route' && statuses.has(id)) last.set(service, apply)
  }
  return [...last].filter(([, apply]) => isShared(apply)).map(([service]) => service)
}

/** What divides the traffic by copies, as a rolling deployment does, gives each a weight of 1. */
function isShared(operation: Operation): boolean {
  return operation.verb === 'route' && operation.to.some(({ weight }) => weight !== 1)
}
