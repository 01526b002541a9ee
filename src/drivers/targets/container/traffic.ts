/** Where the traffic goes, compared with where it should: evenly to what is recorded as serving. Pure. */
import type { Drift } from '../../../model/change.js'
import { copyName } from '../../../model/instance.js'
import type { RouterEnd, RouterView } from '../../../model/router.js'
import type { RecordedInstances, TargetScope } from '../../../model/target.js'

type Address = RouterEnd['address']

/** `addresses`: of the instances that run, by `copyName`; what does not run is another drift. */
export function trafficDrift(
  scope: TargetScope,
  recorded: RecordedInstances,
  view: RouterView,
  addresses: ReadonlyMap<string, Address>,
): readonly Drift[] {
  const { service, host } = scope
  const moved = (message: string, instance?: string): Drift => ({
    service,
    host,
    kind: 'trafficMoved',
    message,
    evidence: [],
    ...(instance === undefined ? {} : { instance }),
  })
  const active = recorded.active.map(copyName)
  if (view.trouble !== null) return active.length === 0 ? [] : [moved(view.trouble)]
  const ends = new Map(view.ends.map((end) => [end.name, end]))
  const running = active.filter((name) => addresses.has(name))
  const most = Math.max(0, ...running.map((name) => ends.get(name)?.weight ?? 0))
  return [
    ...running.flatMap((name) => {
      const end = ends.get(name)
      const address = addresses.get(name)
      if (end === undefined || end.weight === 0) return [moved(`The router sends nothing to ${name}.`, name)]
      if (address !== undefined && end.address !== null && show(address) !== show(end.address)) {
        return [
          moved(`The router looks for ${name} at ${show(end.address)}; it is at ${show(address)}.`, name),
        ]
      }
      if (end.weight === most) return []
      return [moved(`The router gives ${name} a part of ${end.weight} where others get ${most}.`, name)]
    }),
    ...view.ends
      .filter(({ name, weight }) => weight > 0 && !active.includes(name))
      .map(({ name }) =>
        moved(`The router sends traffic to ${name}, which is not recorded as serving.`, name),
      ),
  ]
}

function show({ host, port }: Address): string {
  return `${host}:${port}`
}
