/** How long services that are recreated served nothing the last time, from the journals of the deployments that brought them. */
import { measuredGapMs } from '../model/gap.js'
import type { RecordedState } from '../model/state.js'
import type { World } from './world.js'

/** The only strategy with a gap: other journals need not be read. */
const withGap = 'recreate'

export async function lastGaps(
  { config, store }: World,
  state: RecordedState | null,
  services: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = await Promise.all(
    services.map(async (service): Promise<readonly (readonly [string, number])[]> => {
      const deployment = state?.services[service]?.active.deployment
      if (deployment === undefined || config.services[service]?.strategy.type !== withGap) return []
      // It is only for a better guess: one that is gone, or cannot be read, is none.
      const journal = await store.readJournal(config.environment, deployment).catch(() => null)
      const ms = journal === null ? null : measuredGapMs(journal, service)
      return ms === null ? [] : [[service, ms]]
    }),
  )
  return new Map(found.flat())
}
