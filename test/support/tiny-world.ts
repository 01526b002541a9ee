/** Everything that counts of a tiny project after a deployment was killed, as plain data: to be compared with before and after. */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { worldOfFolder } from './world-of-folder.js'

export type World = Readonly<Record<string, string>>

/** Everything that counts: the target's folder, what the state says of the service, and the locks that are held. */
export async function worldOf(folder: string): Promise<World> {
  const state = JSON.parse(await readFile(join(folder, '.deployctl', 'state', 'local.json'), 'utf8')) as {
    services: { web: { active: Deployed; previous: Deployed[]; pin: unknown } }
  }
  const { active, previous, pin } = state.services.web
  const locks = Object.entries(await worldOfFolder(join(folder, '.deployctl', 'locks')))
  const files: Record<string, string> = { ...(await worldOfFolder(join(folder, 'srv'))) }
  for (const path of Object.keys(files).filter((one) => one.includes('/records/'))) {
    files[path] = await withoutTimes(join(folder, 'srv', path))
  }
  return {
    ...files,
    active: JSON.stringify(active.instances),
    previous: JSON.stringify(previous.map((deployed) => deployed.instances)),
    pin: JSON.stringify(pin),
    locks: JSON.stringify(locks.filter(([, what]) => !what.startsWith('folder'))),
  }
}
interface Deployed {
  readonly instances: unknown
}

/** A release's own record, without when it was written and by which deployment. */
async function withoutTimes(path: string): Promise<string> {
  const record = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  return JSON.stringify(record, (key, value: unknown) =>
    key === 'deployment' || key.endsWith('At') || key === 'at' ? 'x' : value,
  )
}

/** A journal whose header was written and that was not moved away: a deployment began and did not end. */
export async function hasOpenJournal(folder: string): Promise<boolean> {
  const journals = join(folder, '.deployctl', 'journals', 'local')
  for (const name of await readdir(journals)) {
    if (!name.endsWith('.jsonl')) continue
    const lines = (await readFile(join(journals, name), 'utf8')).split('\n').slice(0, -1)
    if (lines.length > 0 && !lines.some((line) => line.includes('"type":"closed"'))) return true
  }
  return false
}

/** One line for each path that is not as wanted. */
export function differences(world: World, wanted: World): readonly string[] {
  return [...new Set([...Object.keys(world), ...Object.keys(wanted)])]
    .filter((path) => world[path] !== wanted[path])
    .map((path) => `  ${path}: ${world[path] ?? 'not there'}, not ${wanted[path] ?? 'absent'}`)
}

/** 1 to `count`, a few side by side. */
export async function eachOf(count: number, use: (number: number) => Promise<void>): Promise<void> {
  let next = 1
  const worker = async (): Promise<void> => {
    while (next <= count) await use(next++)
  }
  await Promise.all([worker(), worker(), worker()])
}
