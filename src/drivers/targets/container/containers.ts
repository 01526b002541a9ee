/** Finding containers: those of ours by their labels alone, and everything the engine says of one. */
import { copyName, type Instance } from '../../../model/instance.js'
import type { Config, HostConfig } from './engine-forms.js'
import { labelFilters, labels, scopeLabels } from './names.js'
import type { Place } from './place.js'

/** One line of the engine's list. */
export interface Listed {
  readonly Id: string
  readonly Names: readonly string[]
  readonly Image: string
  readonly ImageID: string
  readonly State: string
  readonly Labels: { readonly [name: string]: string }
}

/** The parts of the engine's report on one container that are used here. */
export interface Inspected {
  readonly Id: string
  readonly Name: string
  /** The image's id. */
  readonly Image: string
  readonly RestartCount: number
  readonly State: {
    readonly Status: string
    readonly Running: boolean
    readonly Paused: boolean
    readonly Restarting: boolean
    readonly OOMKilled: boolean
    readonly ExitCode: number
    readonly Error: string
    readonly StartedAt: string
    readonly FinishedAt: string
    readonly Health?: {
      readonly Status: string
      readonly Log?: readonly { readonly ExitCode: number; readonly Output: string }[] | null
    } | null
  }
  readonly Config: Config & { readonly Tty?: boolean }
  readonly HostConfig: HostConfig
  readonly NetworkSettings: {
    readonly Ports?: {
      readonly [port: string]: readonly { readonly HostIp: string; readonly HostPort: string }[] | null
    } | null
    readonly Networks?: {
      readonly [name: string]: {
        readonly IPAddress: string
        readonly GlobalIPv6Address?: string
        readonly Aliases?: readonly string[] | null
      }
    } | null
  }
}

/** Every container of this service, running or not, by name. */
export async function listOurs(
  place: Pick<Place, 'engine' | 'scope'>,
  signal: AbortSignal,
): Promise<readonly Listed[]> {
  const { engine, scope } = place
  const found = await engine.ask<readonly Listed[]>(
    {
      doing: `list the containers of ${scope.service}`,
      method: 'GET',
      path: '/containers/json',
      query: { all: 'true', filters: labelFilters(scopeLabels(scope)) },
    },
    signal,
  )
  return [...found].sort((a, b) => (nameIn(a) < nameIn(b) ? -1 : 1))
}

/** As `copyName` says it. */
export function nameIn({ Labels }: Pick<Listed, 'Labels'>): string {
  return Labels[labels.instance] ?? ''
}

/** The container of one instance; null when there is none. */
export async function findContainer(
  place: Place,
  instance: Instance,
  signal: AbortSignal,
): Promise<Inspected | null> {
  const found = (await listOurs(place, signal)).find((one) => nameIn(one) === copyName(instance))
  return found === undefined ? null : inspectContainer(place, found.Id, signal)
}

/** By id or by name, whosever it is; null when there is none. */
export function inspectContainer(
  place: Pick<Place, 'engine'>,
  id: string,
  signal: AbortSignal,
): Promise<Inspected | null> {
  const question = {
    doing: `look at the container ${id.slice(0, 12)}`,
    method: 'GET',
    path: `/containers/${encodeURIComponent(id)}/json`,
  } as const
  return place.engine.find<Inspected>(question, signal)
}

export function isUp({ State }: Pick<Inspected, 'State'>): boolean {
  return State.Running && !State.Paused && !State.Restarting
}

/** How a container that does not run came to that, in a sentence. Null while it runs. No times: the same world, the same words. */
export function howItEnded({ State }: Pick<Inspected, 'State'>): string | null {
  if (isUp({ State })) return null
  if (State.Paused) return 'it is paused'
  if (State.Status === 'created') {
    return State.Error === '' ? 'it was never started' : `it could not be started: ${State.Error}`
  }
  const cause = State.OOMKilled ? ' (the kernel ended it: out of memory)' : ''
  const again = State.Restarting ? ', and the engine starts it again and again' : ''
  return `it exited with code ${State.ExitCode}${cause}${again}`
}
