/** Which steps of deployments under way wait for a person. */
import { statusesOf } from '../model/journal.js'
import type { StatusReport } from './requests.js'
import type { World } from './world.js'

/** A journal that cannot be read waits for nobody: whoever needs it says what is wrong with it. */
export async function waitingSteps(
  { store, config: { environment } }: World,
  unfinished: readonly string[],
): Promise<StatusReport['waiting']> {
  const files = await Promise.all(
    unfinished.map((id) => store.readJournal(environment, id).catch(() => null)),
  )
  return files.flatMap((file) => {
    if (file === null) return []
    const statuses = statusesOf(file.entries)
    return file.header.plan.steps
      .filter(({ id, apply }) => apply.verb === 'pause' && statuses.get(id) === 'applying')
      .map(({ id, title }) => ({ deployment: file.header.deployment, step: id, title }))
  })
}
