/** What systemd says of units, and what that means for releases. */
import { constants } from 'node:os'
import type { GenerationStatus, Role } from '../holder/protocol.js'
import { reachedAt } from '../holder/reached-at.js'
import type { Manager } from './manager.js'
import { sayTrialEnd, type PlaceRecord } from './record.js'
import type { UnitNames } from './unit-names.js'

/** One unit: `systemctl show`. */
export type UnitFacts = { readonly [property: string]: string | undefined }

const properties = [
  'Id',
  'LoadState',
  'NeedDaemonReload',
  'ActiveState',
  'SubState',
  'NRestarts',
  'MainPID',
  'ExecMainCode',
  'ExecMainStatus',
  'ExecMainStartTimestampMonotonic',
  'ExecMainExitTimestampMonotonic',
]

export async function factsOf(
  manager: Manager,
  units: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, UnitFacts>> {
  if (units.length === 0) return new Map()
  const { stdout } = await manager.systemctl(['show', `--property=${properties.join(',')}`, ...units], signal)
  return new Map(
    stdout.split('\n\n').map((block) => {
      const facts: UnitFacts = Object.fromEntries(
        block
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      )
      return [facts['Id'] ?? '', facts]
    }),
  )
}

/**
 * Lets systemd read what it has read before and is another by now. What it has not read yet needs no such thing, which
 * spares the machine most reloads of everything.
 */
export async function refresh(
  manager: Manager,
  units: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const facts = [...(await factsOf(manager, units, signal)).values()]
  const isStale = facts.some(
    (unit) => unit['NeedDaemonReload'] === 'yes' || unit['LoadState'] === 'not-found',
  )
  if (isStale) await manager.systemctl(['daemon-reload'], signal)
}

/** Ended ones that systemd starts again count as up. */
export function isUp(facts: UnitFacts | undefined): boolean {
  return ['active', 'activating', 'reloading'].includes(facts?.['ActiveState'] ?? '')
}

function isLeaving(facts: UnitFacts | undefined): boolean {
  return facts?.['ActiveState'] === 'deactivating'
}

/** Every unit whose state says something of this place. */
export function unitsOf(names: UnitNames, record: PlaceRecord): readonly string[] {
  const { kept, trial, serving } = record
  return [
    ...Object.entries(kept).flatMap(([name, { workers }]) => names.workers(name, workers)),
    ...(serving === null ? [] : (kept[serving]?.listen ?? []).map(names.socket)),
    ...(trial === null ? [] : [names.trialWorker(trial.name)]),
  ]
}

export function generationsOf(
  names: UnitNames,
  record: PlaceRecord,
  facts: ReadonlyMap<string, UnitFacts>,
): readonly GenerationStatus[] {
  const { kept, trial } = record
  const real = Object.entries(kept).flatMap(([name, { workers, listen }]) => {
    const units = names.workers(name, workers).map((unit) => facts.get(unit))
    const role = roleOf(record, name, units)
    if (role === null) return []
    const down = units.findIndex((unit) => !isUp(unit) && !isLeaving(unit))
    const closed = listen.find((one) => !isUp(facts.get(names.socket(one))))
    const ended =
      role !== 'serving'
        ? null
        : down !== -1
          ? `its worker ${down + 1} has been stopped`
          : closed === undefined
            ? null
            : `its socket ${names.socket(closed)} has been stopped`
    return [{ name, role, ended, ...counted(units), ...reachedAt(listen) }]
  })
  if (trial === null) return real
  const unit = facts.get(names.trialWorker(trial.name))
  if (unit === undefined || !(isUp(unit) || unit['ActiveState'] === 'failed')) return real
  return [
    ...real,
    {
      name: trial.name,
      role: 'trial',
      ended: trialEnd(unit),
      ...counted([unit]),
      ...reachedAt(trial.listen),
    },
  ]
}

/** Null when nothing of it runs. */
function roleOf(record: PlaceRecord, name: string, units: readonly (UnitFacts | undefined)[]): Role | null {
  // what serves and is ending has not been asked to: that is written down before
  if (record.serving === name) return units.some((unit) => isUp(unit) || isLeaving(unit)) ? 'serving' : null
  if (units.some(isUp)) return 'coming'
  return units.some(isLeaving) ? 'leaving' : null
}

function counted(units: readonly (UnitFacts | undefined)[]): Pick<GenerationStatus, 'workers' | 'restarts'> {
  return {
    workers: units.flatMap((unit) =>
      unit === undefined || (unit['MainPID'] ?? '0') === '0'
        ? []
        : [{ pid: Number(unit['MainPID']), startedAt: unit['ExecMainStartTimestampMonotonic'] ?? '' }],
    ),
    restarts: units.reduce((sum, unit) => sum + Number(unit?.['NRestarts'] ?? 0), 0),
  }
}

function trialEnd(unit: UnitFacts): string | null {
  if (unit['ActiveState'] === 'active' && unit['SubState'] !== 'exited') return null
  if (unit['ActiveState'] === 'activating') return null
  const [from, to] = ['ExecMainStartTimestampMonotonic', 'ExecMainExitTimestampMonotonic'].map((name) =>
    Number(unit[name] ?? 0),
  )
  const aliveMs = ((to ?? 0) - (from ?? 0)) / 1000
  const status = Number(unit['ExecMainStatus'])
  if (unit['ExecMainCode'] === '1') return sayTrialEnd('exited', `${status}`, aliveMs)
  const signal = Object.entries(constants.signals).find(([, number]) => number === status)?.[0]
  return sayTrialEnd('killed', signal?.slice('SIG'.length) ?? `${status}`, aliveMs)
}
