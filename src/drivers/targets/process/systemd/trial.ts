/** A release on trial: units of its own, with sockets that nobody else knows. */
import { DeployError } from '../../../../base/deploy-error.js'
import type { Recipe } from '../holder/protocol.js'
import { sayStandIn, standInHint } from '../holder/restart-rules.js'
import { end } from './end-units.js'
import { refresh } from './look.js'
import { lookAt } from './look-at.js'
import { emptyRecord, readRecord, writeRecord, type PlaceRecord } from './record.js'
import { stillOf } from './unit-names.js'
import {
  removeService,
  removeSockets,
  trialListen,
  writeService,
  writeSockets,
  type Ground,
} from './units-of-place.js'

export async function tryOut(
  ground: Ground,
  recipe: Recipe,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { names, manager, folder } = ground
  const record = (await readRecord(folder)) ?? emptyRecord
  const { standIn, generations } = await lookAt(ground, record, signal)
  if (standIn?.name === recipe.name) {
    throw new DeployError('TARGET_REFUSED', sayStandIn(standIn), { hint: standInHint })
  }
  const isThere = generations.some(
    ({ name, role, ended }) =>
      name === recipe.name && ended === null && (role === 'serving' || role === 'trial'),
  )
  if (isThere) return
  const listen = await trialListen(ground, recipe.listen)
  const rid = await endTrial(ground, record, withinMs, signal)
  await writeService(ground, recipe, { number: record.number, isTrial: true, listen })
  await writeSockets(ground, listen, listen.map(names.trialSocket))
  await writeRecord(folder, { ...rid, trial: { name: recipe.name, listen } })
  const sockets = listen.map(names.trialSocket)
  const units = [...sockets, names.trialWorker(recipe.name)]
  await refresh(manager, [...units, ...sockets.map(stillOf)], signal)
  await manager.systemctl(['start', ...units], signal, withinMs)
}

/** Answers the record without it. */
export async function endTrial(
  ground: Ground,
  record: PlaceRecord,
  withinMs: number,
  signal: AbortSignal,
): Promise<PlaceRecord> {
  const { trial } = record
  if (trial === null) return record
  const { names, folder } = ground
  const sockets = trial.listen.map(names.trialSocket)
  await end(ground, [names.trialWorker(trial.name), ...sockets, ...sockets.map(stillOf)], withinMs, signal)
  await removeService(ground, trial.name, true)
  await removeSockets(ground, sockets)
  const without = { ...record, trial: null }
  await writeRecord(folder, without)
  return without
}
