/** The world as seen by laws: what is staged, running and routed at each place, and what hooks have done. */
import { DeployError } from '../../src/base/deploy-error.js'
import type { Instance } from '../../src/model/instance.js'
import type { Shell } from '../../src/model/shell.js'
import type { DriverSpec } from '../../src/model/spec.js'
import type { Target, TargetTraits } from '../../src/model/target.js'

interface Place {
  readonly staged: Map<string, { readonly version: string; readonly digest: string }>
  readonly running: Set<string>
  routed: string | null
}

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
  effects = 0

  place(path: string): Place {
    const known = this.places.get(path)
    if (known !== undefined) return known
    const fresh: Place = { staged: new Map(), running: new Set(), routed: null }
    this.places.set(path, fresh)
    return fresh
  }

  /** Everything that a user or the next deployment could notice, and nothing else. */
  view(): unknown {
    const places = [...this.places]
      .map(([path, place]) => [
        path,
        [...place.staged.keys()].sort(),
        [...place.running].sort(),
        place.routed,
      ])
      .filter(
        ([, staged, running, routed]) =>
          (staged as []).length + (running as []).length > 0 || routed !== null,
      )
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    return { places, hooks: [...this.hooks].sort() }
  }

  async act(what: string, effect: () => void): Promise<void> {
    const me = this.effects++
    await Promise.resolve()
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
  effects: { path: 'replace', shape: 'stage', flag: 'route', keepReleases: 'none' },
  keepReleases: { option: 'keepReleases', default: 3 },
} as const

/** Two kinds of target: one whose instances run, like a container, and one that only switches, like a directory. */
export const memoryTraits: { readonly [type: string]: TargetTraits } = {
  running: {
    ...base,
    type: 'running',
    effects: { ...base.effects, flag: 'stage' },
    verbs: ['stage', 'discard', 'start', 'stop', 'route', 'prune'],
  },
  switching: { ...base, type: 'switching', verbs: ['stage', 'discard', 'route', 'prune'] },
}

export function memoryTarget(ground: MemoryGround, spec: DriverSpec): Target {
  const path = typeof spec['path'] === 'string' ? spec['path'] : ''
  const at = () => ground.place(path)
  const runs = spec.type === 'running'
  const target: Target = {
    inspect: async (active) => ({
      host: 'local',
      serving: at().routed,
      staged: [...at().staged].map(([name, one]) => ({
        name,
        ...one,
        status: 'staged',
        stagedAt: null,
        bytes: null,
      })),
      drift:
        active !== null && at().routed !== active.name
          ? [{ service: active.service, host: 'local', kind: 'linkMoved', message: 'moved', evidence: [] }]
          : [],
      notices: [],
    }),
    claim: async () => ({ release: () => Promise.resolve() }),
    stage: (instance, obtain) =>
      ground.act(`stage ${path} ${instance.name}`, () => {
        if (!at().staged.has(instance.name)) void obtain()
        at().staged.set(instance.name, { version: instance.release.version, digest: instance.release.digest })
      }),
    discard: (instance) =>
      ground.act(`discard ${path} ${instance.name}`, () => {
        if (at().routed === instance.name) throw new Error('a release that serves must not be discarded')
        at().staged.delete(instance.name)
      }),
    route: (_from, to) =>
      ground.act(`route ${path} ${to?.name ?? 'nothing'}`, () => {
        if (to !== null && !at().staged.has(to.name)) throw new Error(`${to.name} is not staged`)
        if (to !== null && runs && !at().running.has(to.name)) throw new Error(`${to.name} does not run`)
        at().routed = to?.name ?? null
      }),
    prune: async (keep) => {
      await ground.act(`prune ${path}`, () => {
        for (const name of at().staged.keys())
          if (!keep.includes(name) && name !== at().routed) at().staged.delete(name)
      })
      return []
    },
    folderOf: (instance) => `/${path}/${instance.name}`,
  }
  if (!runs) return target
  return {
    ...target,
    start: (instance: Instance) =>
      ground.act(`start ${path} ${instance.name}`, () => {
        if (!at().staged.has(instance.name)) throw new Error(`${instance.name} is not staged`)
        at().running.add(instance.name)
      }),
    stop: (instance: Instance) =>
      ground.act(`stop ${path} ${instance.name}`, () => {
        at().running.delete(instance.name)
      }),
  }
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
