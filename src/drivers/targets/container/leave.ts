/** The service has another router now, or none: the old one sends nothing to its containers any more, and ends if it was ours. */
import type { OperationContext } from '../../../model/target.js'
import type { Place } from './place.js'

/** What is under way through it may go on for as long as containers that stop are given. */
export async function leaveRouter({ router, options }: Place, context: OperationContext): Promise<void> {
  if (router === null) return
  // One that does not run has no ends, and is not started for this.
  const { ends } = await router.look(context.signal)
  const names = ends.map(({ name }) => name)
  if (names.length > 0) {
    await router.route([], context)
    await router.drain(names, options.stopTimeoutMs, context)
  }
  for (const name of names) await router.forget(name, context)
  await router.end?.(context)
}
