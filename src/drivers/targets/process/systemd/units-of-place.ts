/** Writing and removing the units of one place. Every change here may be repeated, and is read by systemd at a reload. */
import { mkdir, readFile, readdir, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError } from '../../../../base/deploy-error.js'
import { ensureFolder } from '../../../system/ensure-folder.js'
import { openSocket } from '../../../system/open-socket.js'
import { writeAtomically } from '../../../system/write-atomically.js'
import { clearAway, privately } from '../holder/held-sockets.js'
import type { Listen, Recipe } from '../holder/protocol.js'
import type { ProcessOptions } from '../options.js'
import type { Manager } from './manager.js'
import { recordText, type PlaceRecord } from './record.js'
import { guardScript } from './scripts.js'
import { stillOf, type UnitNames } from './unit-names.js'
import { serviceText, socketText, stillText, targetText, variablesText } from './unit-text.js'

/** One place: its names, its folders, and the systemd that has its units. */
export interface Ground {
  readonly service: string
  /** The target's path. */
  readonly root: string
  /** Private: the record, the guard and the files of variables. */
  readonly folder: string
  readonly options: ProcessOptions
  readonly names: UnitNames
  readonly manager: Manager
}

const publicMode = 0o644

/** The sockets as units; those that are open already are left as they are. */
export async function writeSockets(
  ground: Ground,
  listen: readonly Listen[],
  units: readonly string[],
): Promise<void> {
  for (const [at, one] of listen.entries()) {
    const unit = units[at] ?? ''
    await writeUnit(ground, unit, socketText(one, unit))
    await writeUnit(ground, stillOf(unit), stillText(unit))
  }
}

/** systemd would take a Unix socket's path from whoever has it, and say little of a port that is taken. */
export async function refuseTaken(listen: Listen): Promise<void> {
  if (listen.kind === 'unix') return clearAway(listen.path)
  const { host, port } = listen
  const probe = await openSocket({ host, port, ipv6Only: host.includes(':') })
  probe.close()
}

/** Addresses of the same kinds that nobody knows. */
export async function trialListen({ folder }: Ground, wanted: readonly Listen[]): Promise<readonly Listen[]> {
  return Promise.all(
    wanted.map(async (listen, at) => {
      const own = privately(listen, at, folder)
      if (own.kind === 'unix') return own
      const { host } = own
      const probe = await openSocket({ host, port: 0, ipv6Only: host.includes(':') })
      probe.close()
      return { ...own, port: probe.port ?? 0 }
    }),
  )
}

export async function writeService(
  ground: Ground,
  recipe: Recipe,
  generation: { readonly number: number; readonly isTrial: boolean; readonly listen: readonly Listen[] },
): Promise<void> {
  const { names, service, root, options, folder } = ground
  const { isTrial, listen } = generation
  const unit = isTrial ? names.trialTemplate(recipe.name) : names.template(recipe.name)
  const variables = variablesFile(ground, recipe.name, isTrial)
  const { limit, withinMs } = recipe.settings.restarts
  const guard = ['/bin/sh', guardFile(folder), recipe.name, `${limit}`, `${Math.ceil(withinMs / 1000)}`]
  const sockets = listen.map(isTrial ? names.trialSocket : names.socket)
  await ensureFolder(folder)
  await writeAtomically(variables, variablesText(recipe, listen, generation))
  await writeAtomically(
    guardFile(folder),
    guardScript(folder, targetFile(ground), ground.manager.systemctlText),
  )
  if (!isTrial) await writeAtomically(join(folder, `${recipe.name}.unit`), `${patternOf(unit)}\n`)
  const order = { service, recipe, options, root, variables, sockets, listen, guard: isTrial ? null : guard }
  await writeUnit(ground, unit, serviceText(order))
}

/** All instances of a template. */
export function patternOf(template: string): string {
  return template.replace('@.', '@*.')
}

/** What starts with the machine, and what the guard starts when what serves is given up. */
export async function writeServing(
  ground: Ground,
  record: PlaceRecord,
  fallback: string | null,
): Promise<void> {
  const { folder } = ground
  await rm(join(folder, 'fallback.units'), { force: true }) // the guard looks for this one first
  if (fallback !== null) {
    const back: PlaceRecord = {
      ...record,
      serving: fallback,
      good: record.good.slice(0, record.good.indexOf(fallback)),
    }
    const units = workersOf(ground, back)
    await writeAtomically(join(folder, 'fallback.json'), recordText(back))
    await writeAtomically(join(folder, 'fallback.target'), targetText(ground.service, units))
    await writeAtomically(join(folder, 'fallback.release'), `${record.kept[fallback]?.directory ?? ''}\n`)
    await writeAtomically(join(folder, 'fallback.units'), `${fallback} ${units.join(' ')}\n`)
  }
  await writeUnit(ground, ground.names.target, targetText(ground.service, workersOf(ground, record)))
  await startWithMachine(ground)
}

function workersOf({ names }: Ground, { serving, kept }: PlaceRecord): readonly string[] {
  return serving === null ? [] : names.workers(serving, kept[serving]?.workers ?? 0)
}

async function startWithMachine({ manager, names }: Ground): Promise<void> {
  await mkdir(manager.wantsFolder, { recursive: true })
  const link = join(manager.wantsFolder, names.target)
  const there = await readlink(link).catch(() => null)
  if (there !== null) return
  await symlink(join(manager.unitFolder, names.target), link)
}

/** What belongs to a release and is not to be started any more. */
export async function removeService(ground: Ground, name: string, isTrial: boolean): Promise<void> {
  const { names, manager, folder } = ground
  await rm(join(manager.unitFolder, isTrial ? names.trialTemplate(name) : names.template(name)), {
    force: true,
  })
  await rm(variablesFile(ground, name, isTrial), { force: true })
  if (!isTrial)
    for (const kind of ['unit', 'ends']) await rm(join(folder, `${name}.${kind}`), { force: true })
}

export async function removeSockets({ manager }: Ground, units: readonly string[]): Promise<void> {
  for (const unit of units) {
    for (const one of [unit, stillOf(unit)]) await rm(join(manager.unitFolder, one), { force: true })
  }
}

/** Socket units of this place that are there, but for those of trials. */
export async function socketsThere({ manager, names }: Ground): Promise<readonly string[]> {
  const all = await readdir(manager.unitFolder).catch(() => [])
  return all.filter((name) => name.startsWith(`${names.base}-`) && name.endsWith('.socket'))
}

/** Everything, where nothing runs; drop-ins are not ours. */
export async function removeAll({ manager, names, folder }: Ground): Promise<void> {
  await rm(join(manager.wantsFolder, names.target), { force: true })
  const all = await readdir(manager.unitFolder).catch(() => [])
  const own = all.filter(
    (name) =>
      [`${names.base}-`, `${names.trialBase}-`, names.target].some((begin) => name.startsWith(begin)) &&
      !name.endsWith('.d'),
  )
  for (const name of own) await rm(join(manager.unitFolder, name), { force: true })
  await rm(folder, { recursive: true, force: true })
}

async function writeUnit({ manager }: Ground, name: string, text: string): Promise<void> {
  const path = join(manager.unitFolder, name)
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return // a newer file is a reload for systemd
  try {
    await mkdir(manager.unitFolder, { recursive: true })
    await writeAtomically(path, text, publicMode)
  } catch (error) {
    throw new DeployError('IO_FAILED', `The unit ${name} cannot be written to ${manager.unitFolder}.`, {
      cause: error,
    })
  }
}

const variablesFile = ({ folder }: Ground, name: string, isTrial: boolean): string =>
  join(folder, `${isTrial ? 'trial.' : ''}${name}.env`)
const guardFile = (folder: string): string => join(folder, 'guard')
const targetFile = ({ manager, names }: Ground): string => join(manager.unitFolder, names.target)
