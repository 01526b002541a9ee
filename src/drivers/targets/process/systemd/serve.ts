/** The switch: a release gets the real sockets beside the one that has them, and that one is asked to end. */
import { DeployError } from '../../../../base/deploy-error.js'
import type { Clock } from '../../../../model/clock.js'
import type { Listen, Recipe } from '../holder/protocol.js'
import { mostGood } from '../holder/restart-rules.js'
import { addressText } from '../holder/worker-command.js'
import { close, end, endOthers } from './end-units.js'
import { factsOf, isUp, refresh } from './look.js'
import { lookAt } from './look-at.js'
import {
  countEnds,
  emptyRecord,
  forgetEnds,
  forgetGivenUp,
  lastEnd,
  readRecord,
  writeRecord,
  type PlaceRecord,
} from './record.js'
import { endTrial } from './trial.js'
import { stillOf } from './unit-names.js'
import {
  refuseTaken,
  removeService,
  socketsThere,
  writeService,
  writeServing,
  writeSockets,
  type Ground,
} from './units-of-place.js'

const lookEveryMs = 50

export async function serve(
  ground: Ground,
  clock: Clock,
  recipe: Recipe,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { folder, manager, names } = ground
  let record = (await readRecord(folder)) ?? emptyRecord
  if (record.trial?.name === recipe.name) record = await endTrial(ground, record, withinMs, signal)
  const { standIn, generations } = await lookAt(ground, record, signal)
  if (standIn?.name === recipe.name) return
  const before = generations.find(({ role }) => role === 'serving')
  if (before?.name === recipe.name && before.ended === null) {
    await writeService(ground, recipe, { number: record.number, isTrial: false, listen: recipe.listen })
    await refresh(manager, names.workers(recipe.name, recipe.workers), signal)
  } else {
    record = await takeOver(ground, clock, recipe, record, withinMs, signal)
    record = await withoutLapsed(ground, record, {
      ...record,
      serving: recipe.name,
      good: goodAfter(record, recipe.name, before?.ended === null),
    })
    await forgetGivenUp(folder)
    await writeServing(ground, record, record.good.at(-1) ?? null)
  }
  await endOthers(ground, record, recipe.name, signal)
  const wanted = new Set(recipe.listen.map(names.socket))
  await close(
    ground,
    (await socketsThere(ground)).filter((unit) => !wanted.has(unit)),
    withinMs,
    signal,
  )
  await refresh(manager, [names.target], signal)
}

/** Going back to one means that what came after it was not good. */
export function goodAfter({ good, serving }: PlaceRecord, name: string, wasWell: boolean): readonly string[] {
  if (good.includes(name)) return good.slice(0, good.indexOf(name))
  if (serving === null || !wasWell || serving === name) return good
  return [...good.filter((one) => one !== serving), serving].slice(-mostGood)
}

/** Writes the next record; what is too old to go back to is forgotten. */
async function withoutLapsed(
  ground: Ground,
  { good, serving }: PlaceRecord,
  next: PlaceRecord,
): Promise<PlaceRecord> {
  const lapsed = good.filter((one) => one !== next.serving && one !== serving && !next.good.includes(one))
  const kept = Object.entries(next.kept).filter(([name]) => !lapsed.includes(name))
  const record = { ...next, kept: Object.fromEntries(kept) }
  await writeRecord(ground.folder, record)
  for (const name of lapsed) await removeService(ground, name, false)
  return record
}

/** Starts it on the real sockets, beside what has them, and sees that it stays up; if not, nothing is as if it had been. */
async function takeOver(
  ground: Ground,
  clock: Clock,
  recipe: Recipe,
  record: PlaceRecord,
  withinMs: number,
  signal: AbortSignal,
): Promise<PlaceRecord> {
  const { names, manager, folder } = ground
  const { name, workers, listen, directory } = recipe
  const sockets = listen.map(names.socket)
  const units = names.workers(name, workers)
  const next = {
    ...record,
    number: record.number + 1,
    kept: { ...record.kept, [name]: { workers, listen, directory } },
  }
  const there = await factsOf(manager, sockets, signal)
  const closed = listen.filter((one) => !isUp(there.get(names.socket(one))))
  try {
    await endThoseWith(ground, record, closed, withinMs, signal)
    for (const one of closed) await refuseTaken(one)
    await writeRecord(folder, next)
    await writeService(ground, recipe, { number: next.number, isTrial: false, listen })
    await writeSockets(ground, listen, sockets)
    await refresh(manager, [...units, ...sockets, ...sockets.map(stillOf)], signal)
    await end(ground, closed.map(names.socket).map(stillOf), withinMs, signal)
    await countEnds(folder, name)
    // one of the same name that is not whole is made anew
    await manager.systemctl(['restart', ...units], signal, withinMs)
    await settle(ground, clock, recipe, signal)
    return next
  } catch (error) {
    const never = new AbortController().signal // what was begun is undone also after an interruption
    await forgetEnds(folder, name)
    await end(ground, units, withinMs, never)
    await close(ground, closed.map(names.socket), withinMs, never)
    if (record.serving !== name && !record.good.includes(name)) await removeService(ground, name, false)
    await writeRecord(folder, record)
    throw error
  }
}

/** An address that was closed is still taken by what had it, until that has ended. */
async function endThoseWith(
  ground: Ground,
  { kept, serving }: PlaceRecord,
  closed: readonly Listen[],
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Set(closed.map(addressText))
  const holding = Object.entries(kept).filter(
    ([name, { listen }]) => name !== serving && listen.some((one) => wanted.has(addressText(one))),
  )
  const units = holding.flatMap(([name, { workers }]) => ground.names.workers(name, workers))
  await end(ground, units, withinMs, signal)
}

async function settle({ folder }: Ground, clock: Clock, recipe: Recipe, signal: AbortSignal): Promise<void> {
  const endMs = clock.monotonicMs() + recipe.settings.settleMs
  do {
    const last = await lastEnd(folder, recipe.name)
    if (last !== null) throw new DeployError('TARGET_REFUSED', `${recipe.name} did not stay up: ${last.how}.`)
    await clock.sleep(lookEveryMs, signal)
    signal.throwIfAborted()
  } while (clock.monotonicMs() < endMs)
}
