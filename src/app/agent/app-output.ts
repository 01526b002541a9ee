/**
 * What apps say, in the agent's log: of services on this machine whose target says so. It goes through and is not kept: the
 * newest lines at hand are those of the agent. A service's own log has everything, also of the time when no agent ran.
 */
import { copyName, type Instance } from '../../model/instance.js'
import { thisHost } from '../../model/host-spec.js'
import { specOn, type DriverSpec } from '../../model/spec.js'
import type { RecordedState } from '../../model/state.js'
import { readState } from '../read-state.js'
import type { World } from '../world.js'
import type { Logbook } from './logbook.js'

export interface AppOutput {
  /** After each turn: hears those that have come, and no longer those that had gone by the turn before. */
  update(): Promise<void>
  close(): void
}

interface Told {
  readonly service: string
  readonly instance: Instance
  readonly target: DriverSpec
}

/** Of a release that has come since the agent started: its start has been said by now. */
const firstLines = 100

export function createAppOutput(world: World, book: Pick<Logbook, 'pass'>): AppOutput {
  const heard = new Map<string, AbortController>()
  let gone = new Set<string>()
  let linesOfNew = 0
  const isAsked = Object.values(world.config.services).some(({ target }) => tellsAgent(world, target))

  function hear(key: string, { service, instance, target }: Told): void {
    const end = new AbortController()
    heard.set(key, end)
    const about = { service, release: instance.release.version, copy: copyName(instance) }
    const request = { lastLines: linesOfNew, follow: true }
    const onLine = ({ text }: { readonly text: string }): void => book.pass(text, about)
    const over = world
      .target(target, { service, host: thisHost })
      .logs?.(instance, request, onLine, end.signal)
    // whatever ends it, the next turn begins anew
    void Promise.resolve(over)
      .catch(() => undefined)
      .then(() => (heard.get(key) === end ? heard.delete(key) : false))
  }

  return {
    async update() {
      if (!isAsked) return
      const wanted = toldIn(world, await readState(world))
      for (const [key, end] of heard) {
        if (wanted.has(key) || !gone.has(key)) continue
        heard.delete(key)
        end.abort()
      }
      gone = new Set([...heard.keys()].filter((key) => !wanted.has(key)))
      for (const [key, told] of wanted) if (!heard.has(key)) hear(key, told)
      linesOfNew = firstLines
    },
    close() {
      for (const end of heard.values()) end.abort()
      heard.clear()
    },
  }
}

function toldIn(world: World, state: RecordedState | null): ReadonlyMap<string, Told> {
  const told = Object.entries(state?.services ?? {}).flatMap(([service, { active }]) => {
    const { target } = specOn(active, thisHost.name)
    if (!tellsAgent(world, target)) return []
    const own = active.instances.filter(({ host }) => host === thisHost.name)
    return own.map((instance) => [`${service} ${copyName(instance)}`, { service, instance, target }] as const)
  })
  return new Map(told)
}

function tellsAgent(world: World, target: DriverSpec): boolean {
  const { agentLog } = world.traits(target.type)
  if (agentLog === undefined) return false
  const option = target[agentLog.option]
  return (
    typeof option === 'object' &&
    option !== null &&
    agentLog.key in option &&
    Reflect.get(option, agentLog.key) === true
  )
}
