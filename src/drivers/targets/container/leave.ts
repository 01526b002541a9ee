/** The service has another router now, or none: the old one sends nothing to its containers any more, and ends if it was ours. */
import type { OperationContext } from '../../../model/target.js'
import type { Place } from './place.js'

export async function leaveRouter({ router }: Place, context: OperationContext): Promise<void> {
  if (router === null) return
  // One that does not run has no ends, and is not started for this.
  const { ends } = await router.look(context.signal)
  for (const { name } of ends) await router.forget(name, context)
  await router.end?.(context)
}
