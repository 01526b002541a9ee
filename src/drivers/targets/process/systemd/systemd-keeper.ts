/**
 * The keeper that is systemd: a socket unit for each address, a template of services for each release, and a target that
 * starts with the machine. Sockets belong to systemd and stay open while releases change; deployctl only writes units and
 * asks for jobs, so nothing of it runs between deployments.
 */
import { DeployError } from '../../../../base/deploy-error.js'
import type { Clock } from '../../../../model/clock.js'
import type { Ports } from '../../../../model/ports.js'
import type { Ask } from '../holder/protocol.js'
import type { Keeper } from '../keeper.js'
import type { ProcessOptions } from '../options.js'
import { end, endOthers } from './end-units.js'
import { lookAt } from './look-at.js'
import { managerOf } from './manager.js'
import { emptyRecord, forgetEnds, forgetGivenUp, readGivenUp, readRecord, writeRecord } from './record.js'
import { goodAfter, serve } from './serve.js'
import { endTrial, tryOut } from './trial.js'
import { stillOf, unitNames } from './unit-names.js'
import { removeAll, removeService, socketsThere, writeServing, type Ground } from './units-of-place.js'

export function systemdKeeper(place: {
  readonly service: string
  readonly root: string
  readonly folder: string
  readonly options: ProcessOptions
  readonly ports: Ports
}): Keeper {
  const { ports } = place
  const ground: Ground = { ...place, names: unitNames(place.service, place.root), manager: managerOf(ports) }
  const act = (ask: Ask, withinMs: number, signal: AbortSignal): Promise<void> =>
    perform(ground, ports.clock, ask, withinMs, signal)
  return {
    refuseUnfit: (signal) => ground.manager.refuseMissing(signal),
    async look(signal) {
      const record = await readRecord(ground.folder)
      return record === null
        ? { kind: 'none' }
        : { kind: 'there', status: await lookAt(ground, record, signal) }
    },
    ask: act,
    async askIfThere(ask, withinMs, signal) {
      if ((await readRecord(ground.folder)) !== null) await act(ask, withinMs, signal)
    },
  }
}

function perform(
  ground: Ground,
  clock: Clock,
  ask: Ask,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  switch (ask.ask) {
    case 'status':
      return Promise.resolve()
    case 'try':
      return tryOut(ground, ask.recipe, withinMs, signal)
    case 'serve':
      return serve(ground, clock, ask.recipe, withinMs, signal)
    case 'rest':
      return rest(ground, signal)
    case 'stop':
      return stop(ground, ask.name, withinMs, signal)
    case 'quit':
      return quit(ground, withinMs, signal)
  }
}

async function rest(ground: Ground, signal: AbortSignal): Promise<void> {
  const { folder } = ground
  const record = (await readRecord(folder)) ?? emptyRecord
  const { generations } = await lookAt(ground, record, signal)
  const wasWell = generations.some(({ role, ended }) => role === 'serving' && ended === null)
  const next = { ...record, serving: null, good: goodAfter(record, '', wasWell) }
  await writeRecord(folder, next)
  await forgetGivenUp(folder)
  await writeServing(ground, next, null)
  await endOthers(ground, next, null, signal)
}

async function stop(ground: Ground, name: string, withinMs: number, signal: AbortSignal): Promise<void> {
  const { folder, names } = ground
  let record = (await readRecord(folder)) ?? emptyRecord
  if ((await readGivenUp(folder))?.name === name) await forgetGivenUp(folder)
  if (record.trial?.name === name) record = await endTrial(ground, record, withinMs, signal)
  const kept = record.kept[name]
  if (kept === undefined) return
  await forgetEnds(folder, name)
  if (record.serving === name) {
    record = { ...record, serving: null }
    await writeRecord(folder, record)
    await writeServing(ground, record, null)
  }
  await end(ground, names.workers(name, kept.workers), withinMs, signal)
  if (record.good.includes(name)) return // the guard may have to start it again
  const others = Object.entries(record.kept).filter(([one]) => one !== name)
  await writeRecord(folder, { ...record, kept: Object.fromEntries(others) })
  await removeService(ground, name, false)
}

async function quit(ground: Ground, withinMs: number, signal: AbortSignal): Promise<void> {
  const { folder, names } = ground
  const record = (await readRecord(folder)) ?? emptyRecord
  if (record.serving !== null || record.trial !== null)
    throw new DeployError('TARGET_REFUSED', 'something runs')
  for (const [name, { workers }] of Object.entries(record.kept)) {
    await forgetEnds(folder, name)
    await end(ground, names.workers(name, workers), withinMs, signal)
  }
  const sockets = await socketsThere(ground)
  await end(ground, [...sockets, ...sockets.map(stillOf)], withinMs, signal)
  await removeAll(ground)
}
