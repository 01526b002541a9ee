/** What there is at a place whose app is systemd's: the record, what systemd says, and what the guard has written down. */
import { uptime } from 'node:os'
import type { Keeping } from '../keeper.js'
import { factsOf, generationsOf, unitsOf } from './look.js'
import { lastEnd, readGivenUp, standInOf, type GivenUp, type PlaceRecord } from './record.js'
import type { Ground } from './units-of-place.js'

export async function lookAt(
  { names, manager, folder }: Ground,
  record: PlaceRecord,
  signal: AbortSignal,
): Promise<Keeping> {
  const facts = await factsOf(manager, unitsOf(names, record), signal)
  const givenUp = await readGivenUp(folder)
  const standIn = standInOf(record, givenUp)
  const generations = generationsOf(names, record, facts)
  if (givenUp === null || standIn !== null || !(await stillFails(folder, givenUp)))
    return { standIn, generations }
  return {
    standIn,
    generations: generations.map((one) =>
      one.name === givenUp.name && one.role === 'serving' ? { ...one, ended: givenUp.reason } : one,
    ),
  }
}

/** Given up, with nothing to go back to: it is tried on and on, until its ends do not count any more. */
async function stillFails(folder: string, { name, withinS }: GivenUp): Promise<boolean> {
  const last = await lastEnd(folder, name)
  return last !== null && uptime() - last.atS < withinS
}
