/** Reads what the looking functions of host-library.ts have written, into a mirror and into the answers beside it. */
import { basename } from 'node:path'
import { DeployError } from '../../../../base/deploy-error.js'
import type { Found, Room } from './host-files.js'
import type { Mirror } from './mirror.js'

type MayWrite = 'yes' | 'no' | 'readOnly' | 'nothing'

/** What is not about what lies where. */
export interface Answers {
  readonly may: Map<string, MayWrite>
  /** Null where nothing is. */
  readonly devices: Map<string, string | null>
  readonly rooms: Map<string, Room>
  readonly used: Map<string, number>
  readonly lengths: Map<string, number>
  readonly digests: Map<string, string>
  readonly comparisons: Map<string, 'same' | 'differs' | 'unknown'>
  readonly trees: Map<string, readonly TreeLine[]>
}

/** One entry below a folder, as `stat` has it. */
export interface TreeLine {
  readonly path: string
  /** File type and permissions. */
  readonly mode: number
  readonly size: number
  readonly mtimeS: number
  readonly target: string | null
}

export function noAnswers(): Answers {
  return {
    may: new Map(),
    devices: new Map(),
    rooms: new Map(),
    used: new Map(),
    lengths: new Map(),
    digests: new Map(),
    comparisons: new Map(),
    trees: new Map(),
  }
}

/** Answers the number of the change that failed, or null. */
export function readLook(bytes: Buffer, mirror: Mirror, answers: Answers): number | null {
  const fields = bytes.toString('utf8').split('\0')
  fields.pop() // after the last NUL comes nothing
  let at = 0
  const next = (): string => {
    const field = fields[at++]
    if (field === undefined) throw new DeployError('BUG', 'The answer of a host ended in the middle.')
    return field
  }
  const listed: string[] = []
  let folder: string | null = null
  const read: { readonly [tag: string]: () => void } = {
    k() {
      const [path, kind, followed, text] = [next(), next(), next(), next()]
      // the kinds are those that d_kind writes
      mirror.see(path, kind as Found, followed as Found, kind === 'link' ? text : null)
      if (folder !== null) listed.push(basename(path))
    },
    l() {
      folder = next()
      listed.length = 0
    },
    e() {
      if (folder !== null) mirror.seeNames(folder, listed)
      folder = null
    },
    t: () => mirror.seeText(next(), next()),
    u: () => mirror.seeText(next(), null),
    w: () => answers.may.set(next(), next() as MayWrite), // as d_may writes it
    v: () => answers.devices.set(next(), next() || null),
    r: () => answers.rooms.set(next(), roomOf(next(), next())),
    b: () => answers.used.set(next(), Number.parseInt(next(), 10) * 1024 || 0),
    s: () => answers.lengths.set(next(), Number.parseInt(next(), 10) || 0),
    h: () => answers.digests.set(next(), `host:${next()}`),
    c: () => answers.comparisons.set(next(), next() as 'same' | 'differs' | 'unknown'), // as d_compare writes it
    a: () => answers.trees.set(next(), readTree(next)),
  }
  while (at < fields.length) {
    const tag = next()
    if (tag === '!') return Number(next())
    const take = read[tag]
    if (take === undefined)
      throw new DeployError('BUG', `The answer of a host has a part ${JSON.stringify(tag.slice(0, 40))}.`)
    take()
  }
  return null
}

function readTree(next: () => string): readonly TreeLine[] {
  const paths: string[] = []
  for (let path = next(); path !== ''; path = next()) paths.push(path)
  const lines = next().split('\n')
  const targets = new Map<string, string>()
  for (let path = next(); path !== ''; path = next()) targets.set(path, next())
  return paths.map((path, index) => {
    const [mode = '0', size = '0', mtime = '0'] = (lines[index] ?? '').split(' ')
    return {
      path: path.slice('./'.length),
      mode: Number.parseInt(mode, 16),
      size: Number(size),
      mtimeS: Number(mtime),
      target: targets.get(path) ?? null,
    }
  })
}

/** From the last line of `df -Pk` and `df -Pi`; names of disks and folders may have spaces in them. */
function roomOf(blocks: string, inodes: string): Room {
  const free = (text: string): number | null => {
    const found = /\s(\d+)\s+(\d+)\s+(-?\d+)\s+(\d+%|-)\s/.exec(text.split('\n').at(-1) ?? '')
    return found?.[3] === undefined ? null : Number(found[3])
  }
  const total = /\s(\d+)\s+(\d+)\s+(-?\d+)\s+(\d+%|-)\s/.exec(inodes.split('\n').at(-1) ?? '')?.[1]
  return {
    bytes: (free(blocks) ?? Number.MAX_SAFE_INTEGER / 1024) * 1024,
    files: total === undefined || total === '0' ? null : free(inodes),
  }
}
