/**
 * Where things were before the switch, for checks that look at what is new since then. Marks live as long as the process:
 * one that resumes a deployment after the switch takes them when it begins to check.
 */
import type { HealthCheck, ProbePlace } from '../model/health-check.js'
import { copyName, type Instance } from '../model/instance.js'
import type { CheckSpec } from '../model/spec.js'

type PlaceNow = () => Promise<ProbePlace>

export interface CheckMarks {
  /** Before a copy is started or switched to; the first time in a deployment counts. */
  set(
    checks: readonly CheckSpec[],
    instance: Instance,
    placeNow: PlaceNow,
    signal: AbortSignal,
  ): Promise<void>
  withMark(spec: CheckSpec, instance: Instance, placeNow: PlaceNow, signal: AbortSignal): Promise<ProbePlace>
}

export function checkMarks(check: (spec: CheckSpec) => HealthCheck): CheckMarks {
  const marks = new Map<string, string>()
  const markOf: CheckMarks['withMark'] = async (spec, instance, placeNow, signal) => {
    const place = await placeNow()
    const key = `${instance.host} ${copyName(instance)} ${spec.name}`
    const driver = marks.has(key) ? null : check(spec)
    if (driver?.mark !== undefined) marks.set(key, await driver.mark(place, signal))
    return { ...place, mark: marks.get(key) ?? null }
  }
  return {
    async set(checks, instance, placeNow, signal) {
      const marked = checks.filter((spec) => check(spec).mark !== undefined)
      await Promise.all(marked.map((spec) => markOf(spec, instance, placeNow, signal)))
    },
    withMark: markOf,
  }
}
