/** Looking at a container target: what runs, what lies there, and what is not as it is recorded. Changes nothing. */
import pLimit from 'p-limit'
import type { RouterView } from '../../../model/router.js'
import type { Observation, RecordedInstances, StagedRelease } from '../../../model/target.js'
import { addressIn } from './address-in.js'
import { inspectContainer, listOurs, nameIn, type Inspected, type Listed } from './containers.js'
import { driftOf } from './drift.js'
import { imageRepository, imageTag, labels } from './names.js'
import type { Place } from './place.js'
import { trafficDrift } from './traffic.js'

const looksAtOnce = 8

export interface OurImage {
  readonly tag: string
  readonly id: string
  readonly bytes: number
  readonly digests: readonly string[]
}

export async function inspectPlace(
  place: Place,
  recorded: RecordedInstances,
  signal: AbortSignal,
): Promise<Observation> {
  const { scope, router } = place
  const [listed, images] = await Promise.all([listOurs(place, signal), listImages(place, signal)])
  const inspected = await inspectAll(place, listed, signal)
  const ids = new Map(images.map(({ tag, id }) => [tag, id]))
  const view = router === null ? null : await router.look(signal)
  const traffic =
    view === null ? [] : trafficDrift(scope, recorded, view, await addressesOf(place, inspected))
  return {
    host: scope.host,
    serving: servingOf(recorded, listed, view),
    staged: images.map((image) => stagedOf(image, place, recorded, listed)),
    running: listed.map((container) => ({
      name: nameIn(container),
      status: inspected.get(nameIn(container))?.State.Running === true ? 'running' : 'ended',
    })),
    drift: [...driftOf({ scope, recorded, listed, inspected, images: ids }), ...traffic],
    notices: [],
  }
}

async function inspectAll(
  place: Place,
  listed: readonly Listed[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Inspected>> {
  const limit = pLimit(looksAtOnce)
  const looks = listed.map((container) =>
    limit(async () => [nameIn(container), await inspectContainer(place, container.Id, signal)] as const),
  )
  // one that went between the list and the look is not there
  return new Map((await Promise.all(looks)).flatMap(([name, seen]) => (seen === null ? [] : [[name, seen]])))
}

/** Images of this service with a tag of ours. */
export async function listImages(place: Place, signal: AbortSignal): Promise<readonly OurImage[]> {
  const repository = imageRepository(place.scope)
  const found = await place.engine.ask<
    readonly {
      readonly Id: string
      readonly Size: number
      readonly RepoTags: readonly string[] | null
      readonly RepoDigests?: readonly string[] | null
    }[]
  >(
    {
      doing: `list the images of ${place.scope.service}`,
      method: 'GET',
      path: '/images/json',
      query: { filters: JSON.stringify({ reference: [`${repository}:*`] }) },
    },
    signal,
  )
  return found
    .flatMap(({ Id, Size, RepoTags, RepoDigests }) =>
      (RepoTags ?? [])
        .filter((tag) => tag.startsWith(`${repository}:`))
        .map((tag) => ({ tag, id: Id, bytes: Size, digests: RepoDigests ?? [] })),
    )
    .sort((a, b) => (a.tag < b.tag ? -1 : 1))
}

/** A tag says little; what is recorded, and the containers made from it, say the rest. */
function stagedOf(
  image: OurImage,
  { scope }: Place,
  recorded: RecordedInstances,
  listed: readonly Listed[],
): StagedRelease {
  const common = { stagedAt: null, bytes: image.bytes }
  const known = [...recorded.active, ...recorded.previous].find(
    ({ name }) => imageTag(scope, name) === image.tag,
  )
  if (known !== undefined) {
    const { name, release } = known
    return { name, version: release.version, digest: release.digest, status: 'published', ...common }
  }
  const container = listed.find(({ Labels }) => imageTag(scope, Labels[labels.name] ?? '') === image.tag)
  const tag = image.tag.slice(imageRepository(scope).length + 1)
  return {
    name: container?.Labels[labels.name] ?? tag,
    version: container?.Labels[labels.release] ?? tag.replace(/-[0-9a-f]{8}$/, ''),
    digest: container?.Labels[labels.digest] ?? image.digests[0]?.replace(/^.*@/, '') ?? '',
    status: 'staged',
    ...common,
  }
}

/** What gets traffic, or what runs where traffic comes to whatever runs; what is recorded if it is among several. */
function servingOf(
  recorded: RecordedInstances,
  listed: readonly Listed[],
  view: RouterView | null,
): string | null {
  const routed = view?.ends.filter(({ weight }) => weight > 0).map(({ name }) => name)
  const serve = listed.filter((container) =>
    routed === undefined ? container.State === 'running' : routed.includes(nameIn(container)),
  )
  const names = serve.map(({ Labels }) => Labels[labels.name] ?? '')
  const active = recorded.active.find(({ name }) => names.includes(name))
  return active?.name ?? names[0] ?? null
}

async function addressesOf(
  place: Place,
  inspected: ReadonlyMap<string, Inspected>,
): Promise<ReadonlyMap<string, { readonly host: string; readonly port: number }>> {
  const engine = await place.engine.address()
  const known = [...inspected].flatMap(([name, container]) => {
    const address = addressIn(container, place.options, engine)
    return address === null ? [] : [[name, address] as const]
  })
  return new Map(known)
}
