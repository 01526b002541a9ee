/**
 * Making releases ready to be sent while the hosts that want them are still being connected to and looked at. It is done
 * only for what is going to be carried out without a question, and it touches nothing but deployctl's own cache.
 */
import pLimit from 'p-limit'
import { localHost } from '../model/host-spec.js'
import type { RecordedState } from '../model/state.js'
import type { DesiredService } from '../plan/desire.js'
import type { World } from './world.js'

/** Each takes a processor, and its share of the line. */
const preparedAtOnce = 2

export function prepareAhead(
  world: World,
  desired: ReadonlyMap<string, DesiredService | null>,
  state: RecordedState | null,
  signal: AbortSignal,
): void {
  const limit = pLimit(preparedAtOnce)
  const begin = async (service: string, wanted: DesiredService): Promise<void> => {
    const { release, spec, hosts, config } = wanted
    const host = hosts.find(({ name }) => name !== localHost)
    const source = world.config.sources[config.source]
    const recorded = state?.services[service]
    const known = [...(recorded?.active ? [recorded.active] : []), ...(recorded?.previous ?? [])]
    const isThere = known.some((deployed) => deployed.release.digest === release.digest)
    if (host === undefined || source === undefined || isThere) return
    const onProgress = (): void => undefined
    const obtain = () => world.artifacts.obtain(release, source, onProgress, signal)
    await world.target(spec.target, { service, host }).prepare?.(release, obtain, { signal, onProgress })
  }
  for (const [service, wanted] of desired) {
    // the step that needs it tries again, and tells
    if (wanted !== null) limit(() => begin(service, wanted)).catch(() => undefined)
  }
}
