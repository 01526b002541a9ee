/** Ending units: workers, sockets, and what waits in sockets. */
import { factsOf } from './look.js'
import { forgetEnds, type PlaceRecord } from './record.js'
import { stillOf } from './unit-names.js'
import { patternOf, removeSockets, type Ground } from './units-of-place.js'

/** What is not there has ended. */
export async function end(
  { manager }: Ground,
  units: readonly string[],
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (units.length === 0) return
  const facts = await factsOf(manager, units, signal)
  const there = units.filter((unit) => facts.get(unit)?.['ActiveState'] !== 'inactive')
  if (there.length === 0) return
  await manager.systemctl(['stop', ...there], signal, withinMs)
  const failed = await factsOf(manager, there, signal)
  const left = there.filter((unit) => failed.get(unit)?.['ActiveState'] === 'failed')
  if (left.length > 0) await manager.systemctl(['reset-failed', ...left], signal)
}

export async function close(
  ground: Ground,
  sockets: readonly string[],
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (sockets.length === 0) return
  await end(ground, [...sockets, ...sockets.map(stillOf)], withinMs, signal)
  await removeSockets(ground, sockets)
}

/** All others with the real sockets are asked to end; what is not kept to go back to is forgotten by its stop. */
export async function endOthers(
  ground: Ground,
  record: PlaceRecord,
  name: string | null,
  signal: AbortSignal,
): Promise<void> {
  const { names, manager, folder } = ground
  const others = Object.keys(record.kept).filter((one) => one !== name)
  for (const one of others) await forgetEnds(folder, one)
  const patterns = others.map((one) => patternOf(names.template(one)))
  if (patterns.length > 0) await manager.systemctl(['--no-block', 'stop', ...patterns], signal)
}
