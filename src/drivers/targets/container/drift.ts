/** How what runs differs from what is recorded. Pure, and with no times in it: the same world, the same words. */
import type { Drift } from '../../../model/change.js'
import { copyName, type Instance } from '../../../model/instance.js'
import type { RecordedInstances, TargetScope } from '../../../model/target.js'
import { aspectsOf, differencesOf, type Aspects } from './aspects.js'
import { howItEnded, isUp, nameIn, type Inspected, type Listed } from './containers.js'
import { containerName, imageTag, labels } from './names.js'

export interface Sight {
  readonly scope: TargetScope
  readonly recorded: RecordedInstances
  readonly listed: readonly Listed[]
  /** By `copyName`. */
  readonly inspected: ReadonlyMap<string, Inspected>
  /** The ids of our images, by tag. */
  readonly images: ReadonlyMap<string, string>
  /** The network of a router, which its containers are in or not. */
  readonly ofRouter: string | null
}

export function driftOf(sight: Sight): readonly Drift[] {
  const { recorded, listed } = sight
  const known = new Set([...recorded.active, ...recorded.previous].map(copyName))
  return [
    ...recorded.active.flatMap((instance) => driftOfInstance(sight, instance)),
    ...listed
      .filter((container) => !known.has(nameIn(container)))
      .map((container) => stray(sight, container)),
    ...missingReleases(sight),
  ]
}

function driftOfInstance(
  { scope, inspected, images, ofRouter }: Sight,
  instance: Instance,
): readonly Drift[] {
  const name = copyName(instance)
  const container = inspected.get(name)
  const about = { service: scope.service, host: scope.host, instance: name }
  const called = containerName(scope, instance)
  if (container === undefined) {
    const message = `${name} is recorded as running, but there is no container of it.`
    return [{ ...about, kind: 'instanceMissing', message, evidence: [called] }]
  }
  const ended = howItEnded(container)
  if (ended !== null && !container.State.Paused) {
    const message = `${name} is recorded as running, but ${ended}.`
    return [{ ...about, kind: 'instanceMissing', message, evidence: [called] }]
  }
  const changes = changesOf(container, images.get(imageTag(scope, instance.name)) ?? null, ofRouter)
  if (changes.length === 0) return []
  const message = `The container of ${name} is not as it was made: ${changes.join('; ')}.`
  return [{ ...about, kind: 'instanceChanged', message, evidence: changes }]
}

/** What somebody changed on a container that is there, thing by thing. `imageId` is what our tag names; null when it is gone. */
export function changesOf(
  container: Inspected,
  imageId: string | null,
  ofRouter: string | null,
): readonly string[] {
  const { Config, HostConfig, NetworkSettings } = container
  const changes = container.State.Paused ? ['it is paused'] : []
  if (imageId !== null && container.Image !== imageId) {
    changes.push(`image: ${short(imageId)} was staged, ${short(container.Image)} runs`)
  }
  const made = readMade(Config.Labels[labels.made])
  if (made === null) return [...changes, 'it does not say what it was made with']
  const networks = Object.keys(NetworkSettings.Networks ?? {}).filter((name) => name !== ofRouter)
  const found = aspectsOf(Config, HostConfig, networks, 'all')
  const differences = differencesOf(made, found)
  return [...changes, ...differences.map(({ option, wanted, found: is }) => `${option}: ${wanted} → ${is}`)]
}

function readMade(text: string | undefined): Aspects | null {
  try {
    const value: unknown = JSON.parse(text ?? '')
    // labels of ours are written by make-up.ts alone; anything else is no object
    return typeof value === 'object' && value !== null ? (value as Aspects) : null
  } catch {
    return null
  }
}

function short(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12)
}

function stray({ scope, inspected }: Sight, container: Listed): Drift {
  const name = nameIn(container)
  const there = inspected.get(name)
  const runs = there === undefined ? container.State === 'running' : isUp(there)
  const message = `${name} ${runs ? 'runs' : 'lies there'}, but nothing is recorded of it.`
  const evidence = container.Names.map((one) => one.replace(/^\//, ''))
  return {
    service: scope.service,
    host: scope.host,
    kind: 'instanceStray',
    instance: name,
    message,
    evidence,
  }
}

/** The image of what is recorded is gone, and with it the way to start it again without a registry. */
function missingReleases({ scope, recorded, inspected, images }: Sight): readonly Drift[] {
  const names = [...new Set(recorded.active.map(({ name }) => name))]
  return names.flatMap((name) => {
    const copies = recorded.active.filter((instance) => instance.name === name)
    const runs = copies.some((copy) => {
      const container = inspected.get(copyName(copy))
      return container !== undefined && isUp(container)
    })
    const tag = imageTag(scope, name)
    if (runs || images.has(tag)) return []
    const message = `The image of ${name} is not on the engine any more.`
    const [instance] = copies.map(copyName)
    const about = {
      service: scope.service,
      host: scope.host,
      ...(instance === undefined ? {} : { instance }),
    }
    return [{ ...about, kind: 'releaseMissing' as const, message, evidence: [tag] }]
  })
}
