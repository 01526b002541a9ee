/**
 * Everything that counts of a deployed service of containers, as plain data for comparing two worlds: containers,
 * images, claims, where HAProxy sends its traffic and what it answers, what is recorded, and locks. Versions are written
 * relative to a given one (`v`, `v-1`, `v+1`), so that the worlds of two upgrades in a row are the same.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import { runtimeSocket } from '../../../src/drivers/routers/haproxy/runtime-socket.js'
import { worldOfFolder } from '../world-of-folder.js'
import { askEngine } from './engine-api.js'
import { imagesOf, type ContainerProject } from './container-project.js'

export type ServiceWorld = Readonly<Record<string, readonly string[]>>

/** `1.0.N` as this `N`. */
export async function worldOfService(
  project: ContainerProject,
  patch: number,
  listen: number | null,
): Promise<ServiceWorld> {
  const { engine, name, folder, routerFolder } = project
  const listed = await project.containers()
  const addresses = new Map<string, string>()
  for (const { Id, Labels } of listed) {
    const seen = (await askEngine(engine.socket, `/containers/${Id}/json`)) as {
      readonly NetworkSettings: {
        readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>
      }
    } // documented
    for (const { IPAddress } of Object.values(seen.NetworkSettings.Networks))
      if (IPAddress !== '') addresses.set(IPAddress, Labels['deployctl.instance'] ?? '')
  }
  const filters = encodeURIComponent(JSON.stringify({ label: [`deployctl.project=${name}`] }))
  const volumes = (await askEngine(engine.socket, `/volumes?filters=${filters}`)) as {
    readonly Volumes: readonly { readonly Name: string }[] | null
  } // documented
  const world = {
    containers: listed.map(({ Labels, State, Image }) => `${Labels['deployctl.instance']} ${State} ${Image}`),
    images: await tagsOf(engine, name),
    volumes: (volumes.Volumes ?? []).map((volume) => volume.Name),
    locks: await heldLocks(folder),
    ...(await recorded(folder)),
    ...(listen === null ? {} : await routing(routerFolder, addresses, listen)),
  }
  return Object.fromEntries(
    Object.entries(world).map(([what, lines]) => [
      what,
      lines.map((line) => relative(line, name, patch)).sort(),
    ]),
  )
}

/** What a pull by digest left is counted, not named: digests differ from version to version. */
async function tagsOf(engine: ContainerProject['engine'], name: string): Promise<readonly string[]> {
  const references = await imagesOf(engine, name)
  const isDigest = (reference: string): boolean => reference.includes('@')
  const pulled = references.filter((one) => isDigest(one) && !one.startsWith('deployctl/'))
  return [...references.filter((one) => !isDigest(one)), `${pulled.length} pulled`]
}

interface Deployed {
  readonly instances: readonly { readonly name: string; readonly slot: number | null }[]
  readonly warmUntil?: string
}

async function recorded(folder: string): Promise<{ readonly [what: string]: readonly string[] }> {
  const path = join(folder, '.deployctl', 'state')
  const [file = ''] = await readdir(path)
  // as src/model/state.ts has it
  const state = JSON.parse(await readFile(join(path, file), 'utf8')) as {
    readonly services: {
      readonly web: {
        readonly active: Deployed
        readonly previous: readonly Deployed[]
        readonly pin: unknown
      }
    }
  }
  const { active, previous, pin } = state.services.web
  const show = ({ instances, warmUntil }: Deployed): string =>
    `${instances.map(({ name, slot }) => `${name}-${slot}`).join(' ')}${warmUntil === undefined ? '' : ' warm'}`
  return { active: [show(active)], previous: previous.map(show), pin: [JSON.stringify(pin)] }
}

async function heldLocks(folder: string): Promise<readonly string[]> {
  const locks = await worldOfFolder(join(folder, '.deployctl', 'locks'))
  return Object.entries(locks)
    .filter(([, what]) => !what.startsWith('folder'))
    .map(([path, what]) => `${path} ${what}`)
}

/** The bit of srv_admin_state that only says that the file HAProxy started with had it disabled. */
const disabledAtStart = 0x04

/** The slots that are not empty, by HAProxy itself and by the file it would start with; and who answers. */
async function routing(
  folder: string,
  addresses: ReadonlyMap<string, string>,
  listen: number,
): Promise<{ readonly [what: string]: readonly string[] }> {
  const who = (address: string): string => addresses.get(address) ?? address
  const ask = runtimeSocket(join(folder, 'admin.sock'), systemClock)
  const text = await ask('show servers state', new AbortController().signal)
  const note = JSON.parse(await readFile(join(folder, 'slots.json'), 'utf8')) as {
    readonly slots: Readonly<Record<string, { readonly name: string; readonly share: number }>>
  } // as src/drivers/routers/haproxy/slot-record.ts has it
  const rows = text
    .split('\n')
    .slice(2)
    .map((line) => line.split(' '))
  const slots = rows
    .filter((row) => row[3]?.startsWith('slot') === true && row[4] !== '0.0.0.0')
    .map((row) => `${who(row[4] ?? '')} weight ${row[7]} admin ${Number(row[6]) & ~disabledAtStart}`)
  const file = await readFile(join(folder, 'haproxy.cfg'), 'utf8')
  const lines = [...file.matchAll(/^\s*server \S+ ([\d.]+):\d+ (.*)$/gm)]
    .filter(([, address]) => address !== '0.0.0.0')
    .map(([, address = '', rest = '']) => `${who(address)} ${rest}`)
  const answers = new Set<string>()
  for (let turn = 0; turn < 8; turn++) {
    const answer = await fetch(`http://127.0.0.1:${listen}/`, { headers: { connection: 'close' } })
    await answer.arrayBuffer()
    answers.add(`${answer.status} ${answer.headers.get('x-app-version')}`)
  }
  const noted = Object.values(note.slots).map(({ name, share }) => `${name} ${share}`)
  return { slots, noted, file: lines, answers: [...answers] }
}

/** The name of the project, and what hangs on a version or its digest, are the same in every upgrade. */
function relative(line: string, project: string, patch: number): string {
  return line.replaceAll(project, 'PROJECT').replaceAll(/1\.0\.(\d+)(-[0-9a-f]{8})?/g, (_, found: string) => {
    const distance = Number(found) - patch
    return distance === 0 ? 'v' : `v${distance > 0 ? '+' : ''}${distance}`
  })
}
