/** The world as seen by laws: what is staged, running and routed at each place, and what hooks have done. */
import { DeployError } from '../../src/base/deploy-error.js'
import type { DriftKind } from '../../src/model/change.js'
import { localHost } from '../../src/model/host-spec.js'
import { copyName, type Instance } from '../../src/model/instance.js'
import type { Shell } from '../../src/model/shell.js'
import type { DriverSpec } from '../../src/model/spec.js'
import type { Observation, Target, TargetTraits } from '../../src/model/target.js'

interface Place {
  readonly staged: Map<string, { readonly version: string; readonly digest: string }>
  readonly running: Set<string>
  /** Who has which part of the traffic, by the router that gives it. */
  readonly routed: Map<string, Parts>
}

interface Parts {
  readonly [name: string]: number
}

const usualRouter = 'front'

/** `before` and `after`: fail the n-th effect before or after it happens. */
export interface Fault {
  readonly at: number
  readonly when: 'before' | 'after'
}

export class MemoryGround {
  readonly places = new Map<string, Place>()
  readonly hooks = new Set<string>()
  readonly log: string[] = []
  fault: Fault | null = null
  /** Hosts that do not answer. */
  readonly down = new Set<string>()
  /** Releases, by version, that cannot be switched to on a host: `web1 1.1.0`. */
  readonly refusing = new Set<string>()
  effects = 0

  /** The same world, and nothing of what was done to get there. */
  copy(): MemoryGround {
    const copy = new MemoryGround()
    for (const [path, place] of this.places) copy.places.set(path, structuredClone(place))
    for (const hook of this.hooks) copy.hooks.add(hook)
    for (const host of this.down) copy.down.add(host)
    for (const release of this.refusing) copy.refusing.add(release)
    return copy
  }

  place(path: string): Place {
    const known = this.places.get(path)
    if (known !== undefined) return known
    const fresh: Place = { staged: new Map(), running: new Set(), routed: new Map() }
    this.places.set(path, fresh)
    return fresh
  }

  /** Who has which part of the traffic there, where the service names no other router. */
  traffic(path: string): Parts {
    return this.place(path).routed.get(usualRouter) ?? {}
  }

  /** Everything that a user or the next deployment could notice, and nothing else. */
  view(): unknown {
    const places = [...this.places]
      .map(([path, place]) => [
        path,
        [...place.staged.keys()].sort(),
        [...place.running].sort(),
        [...place.routed]
          .flatMap(([router, parts]) => Object.entries(parts).map((part) => [router, ...part]))
          .sort(),
      ])
      .filter(([, ...what]) => what.some((list) => list.length > 0))
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    return { places, hooks: [...this.hooks].sort() }
  }

  reach(host: string): void {
    if (this.down.has(host))
      throw new DeployError('HOST_UNREACHABLE', `The host ${host} cannot be used: it is down.`)
  }

  async act(what: string, effect: () => void, host = localHost): Promise<void> {
    const me = this.effects++
    await Promise.resolve()
    this.reach(host)
    if (this.fault?.at === me && this.fault.when === 'before')
      throw new DeployError('COMMAND_FAILED', `injected before ${what}`)
    effect()
    this.log.push(what)
    if (this.fault?.at === me && this.fault.when === 'after')
      throw new DeployError('COMMAND_FAILED', `injected after ${what}`)
  }
}

const base = {
  type: 'memory',
  schema: {},
  effects: { path: 'replace', shape: 'stage', flag: 'route', router: 'route', keepReleases: 'none' },
  keepReleases: { option: 'keepReleases', default: 3 },
} as const

const weighing = { option: 'router', kinds: [] }

/** Kinds of target: one whose instance runs, one with several copies, like containers, and one that only switches, like a directory. */
export const memoryTraits: { readonly [type: string]: TargetTraits } = {
  running: {
    ...base,
    type: 'running',
    effects: { ...base.effects, flag: 'stage' },
    verbs: ['stage', 'discard', 'start', 'stop', 'route', 'drain', 'watch', 'prune'],
    weighing,
  },
  copies: {
    ...base,
    type: 'copies',
    effects: { ...base.effects, flag: 'stage', replicas: 'scale' },
    verbs: ['stage', 'discard', 'start', 'stop', 'route', 'drain', 'watch', 'prune'],
    weighing,
    replicas: { option: 'replicas', default: 2 },
  },
  switching: { ...base, type: 'switching', verbs: ['stage', 'discard', 'route', 'prune'] },
}

export function memoryTarget(ground: MemoryGround, spec: DriverSpec, host = localHost): Target {
  const written = typeof spec['path'] === 'string' ? spec['path'] : ''
  const path = host === localHost ? written : `${host}:${written}`
  const at = () => ground.place(path)
  const act = (what: string, effect: () => void) => ground.act(what, effect, host)
  const runs = spec.type !== 'switching'
  const isCopy = spec.type === 'copies'
  const routerOf = ({ router }: DriverSpec): string => (typeof router === 'string' ? router : usualRouter)
  const own = routerOf(spec)
  const routed = (): Parts => at().routed.get(own) ?? {}
  /** Whatever router gives it traffic. */
  const serves = (name: string): boolean => [...at().routed.values()].some((parts) => name in parts)
  /** Releases that serve, by the name of what is staged. */
  const namesRouted = () =>
    [...at().routed.values()]
      .flatMap((parts) => Object.keys(parts))
      .map((name) => (isCopy ? name.slice(0, name.lastIndexOf('-')) : name))
  const look = (active: readonly Instance[], previous: readonly Instance[]): Observation => ({
    host,
    serving: Object.keys(routed()).sort().join(', ') || null,
    staged: [...at().staged].map(([name, one]) => ({
      name,
      ...one,
      status: 'staged',
      stagedAt: null,
      bytes: null,
    })),
    ...(runs
      ? { running: [...at().running].sort().map((name) => ({ name, status: 'running' as const })) }
      : {}),
    drift: driftOf({ ...at(), routed: routed() }, active, previous, runs, host),
    notices: [],
  })
  const target: Target = {
    inspect: async ({ active, previous }) => {
      ground.reach(host)
      return look(active, previous)
    },
    claim: async () => {
      ground.reach(host)
      return { release: () => Promise.resolve() }
    },
    stage: (instance, obtain) =>
      act(`stage ${path} ${instance.name}`, () => {
        if (!at().staged.has(instance.name)) void obtain()
        at().staged.set(instance.name, { version: instance.release.version, digest: instance.release.digest })
      }),
    discard: (instance) =>
      act(`discard ${path} ${instance.name}`, () => {
        if (namesRouted().includes(instance.name))
          throw new Error('a release that serves must not be discarded')
        at().staged.delete(instance.name)
      }),
    route: (_from, to) =>
      act(`route ${path} ${to.map(({ instance }) => copyName(instance)).join(' ') || 'nothing'}`, () => {
        const total = to.reduce((sum, { weight }) => sum + weight, 0)
        for (const { instance } of to) {
          const name = copyName(instance)
          if (ground.refusing.has(`${host} ${instance.release.version}`))
            throw new DeployError('COMMAND_FAILED', 'the restart failed')
          if (!at().staged.has(instance.name)) throw new Error(`${name} is not staged`)
          if (runs && !at().running.has(name)) throw new Error(`${name} does not run`)
        }
        const parts = to.map(({ instance, weight }): [string, number] => [
          copyName(instance),
          Math.round((weight / total) * 1000),
        ])
        at().routed.set(own, Object.fromEntries(parts))
      }),
    leave: async (next) => {
      if (routerOf(next) !== own) await act(`leave ${path} ${own}`, () => void at().routed.delete(own))
    },
    prune: async (keep) => {
      await act(`prune ${path}`, () => {
        for (const name of at().staged.keys())
          if (!keep.includes(name) && !namesRouted().includes(name)) at().staged.delete(name)
        for (const name of at().running)
          if (!keep.some((kept) => name === kept || name.startsWith(`${kept}-`))) at().running.delete(name)
      })
      return []
    },
    folderOf: (instance) => `/${path}/${instance.name}`,
  }
  if (!runs) return target
  return {
    ...target,
    start: (instance: Instance) =>
      act(`start ${path} ${copyName(instance)}`, () => {
        if (!at().staged.has(instance.name)) throw new Error(`${instance.name} is not staged`)
        at().running.add(copyName(instance))
      }),
    stop: (instance: Instance) =>
      act(`stop ${path} ${copyName(instance)}`, () => {
        if (serves(copyName(instance))) throw new Error('what serves must not be stopped')
        at().running.delete(copyName(instance))
      }),
    drain: (instances) =>
      act(`drain ${path}`, () => {
        if (instances.some((instance) => serves(copyName(instance))))
          throw new Error('what serves cannot be drained')
      }),
  }
}

function driftOf(
  place: { readonly running: ReadonlySet<string>; readonly routed: Parts },
  active: readonly Instance[],
  previous: readonly Instance[],
  runs: boolean,
  host: string,
): Observation['drift'] {
  const [first] = active
  if (first === undefined) return []
  const { service } = first
  const drift = (kind: DriftKind, instance?: string) => ({
    service,
    host,
    kind,
    message: kind,
    evidence: [],
    ...(instance === undefined ? {} : { instance }),
  })
  const wanted = active.map(copyName)
  const kept = [...wanted, ...previous.map(copyName)]
  const moved = Object.keys(place.routed).sort().join() !== [...wanted].sort().join()
  if (!runs) return moved ? [drift('linkMoved')] : []
  return [
    ...wanted.filter((name) => !place.running.has(name)).map((name) => drift('instanceMissing', name)),
    ...[...place.running].filter((name) => !kept.includes(name)).map((name) => drift('instanceStray', name)),
    ...(moved ? [drift('trafficMoved')] : []),
  ]
}

/** A shell whose commands are `add NAME`, `remove NAME` and `fail`: hooks with an effect that can be undone. */
export function memoryShell(ground: MemoryGround): Shell {
  return {
    end: () => Promise.resolve(false),
    async run({ command }) {
      const [verb, name = ''] = 'run' in command ? command.run : command.shell.split(' ')
      let exitCode = 0
      await ground.act(`hook ${String(verb)} ${name}`, () => {
        if (verb === 'add') ground.hooks.add(name)
        else if (verb === 'remove') ground.hooks.delete(name)
        else exitCode = 1
      })
      return { exitCode, signal: null, ended: 'exit', lastLines: [], stdout: '', durationMs: 1 }
    },
  }
}
