/** Looking at a container target: what runs, what lies there, and what is not as it is recorded. Changes nothing. */
import pLimit from 'p-limit'
import type { RouterView } from '../../../model/router.js'
import type { Observation, RecordedInstances, StagedRelease } from '../../../model/target.js'
import { addressIn } from './address-in.js'
import { inspectContainer, listOurs, nameIn, type Inspected, type Listed } from './containers.js'
import { driftOf } from './drift.js'
import { imageRepository, imageTag, labels } from './names.js'
import type { Place } from './place.js'
import { refuseFarRouter } from './refusals.js'
import { findImage, type InspectedImage } from './stage.js'
import { trafficDrift } from './traffic.js'

const looksAtOnce = 8

interface OurImage {
  readonly tag: string
  readonly id: string
  readonly bytes: number
}

export async function inspectPlace(
  place: Place,
  recorded: RecordedInstances,
  signal: AbortSignal,
): Promise<Observation> {
  const { scope, router } = place
  const limit = pLimit(looksAtOnce)
  await refuseFarRouter(place)
  const [listed, images] = await Promise.all([listOurs(place, signal), listImages(place, signal)])
  const inspected = await inspectAll(place, listed, signal)
  const ids = new Map(images.map(({ tag, id }) => [tag, id]))
  const view = router === null ? null : await router.look(signal)
  const traffic =
    view === null ? [] : trafficDrift(scope, recorded, view, await addressesOf(place, inspected))
  return {
    host: scope.host,
    serving: servingOf(recorded, listed, view),
    staged: await Promise.all(
      images.map((image) => limit(() => stagedOf(image, place, recorded, listed, signal))),
    ),
    running: listed.map((container) => ({
      name: nameIn(container),
      status: inspected.get(nameIn(container))?.State.Running === true ? 'running' : 'ended',
    })),
    drift: [
      ...driftOf({ scope, recorded, listed, inspected, images: ids, ofRouter: router?.network ?? null }),
      ...traffic,
    ],
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
    .flatMap(({ Id, Size, RepoTags }) =>
      (RepoTags ?? [])
        .filter((tag) => tag.startsWith(`${repository}:`))
        .map((tag) => ({ tag, id: Id, bytes: Size })),
    )
    .sort((a, b) => (a.tag < b.tag ? -1 : 1))
}

/** A tag says little; what is recorded, and the containers made from it, say the rest, or else the image itself. */
async function stagedOf(
  image: OurImage,
  place: Place,
  recorded: RecordedInstances,
  listed: readonly Listed[],
  signal: AbortSignal,
): Promise<StagedRelease> {
  const { scope } = place
  const rest = { stagedAt: null, bytes: image.bytes }
  const all = [...recorded.active, ...recorded.previous]
  const known = all.find(({ name }) => imageTag(scope, name) === image.tag)
  if (known !== undefined) {
    const { name, release } = known
    return { name, version: release.version, digest: release.digest, status: 'published', ...rest }
  }
  const made = listed.find(({ Labels }) => imageTag(scope, Labels[labels.name] ?? '') === image.tag)?.Labels
  const name = made?.[labels.name] ?? image.tag.slice(imageRepository(scope).length + 1)
  return {
    name,
    version: made?.[labels.release] ?? name.replace(/-[0-9a-f]{8}$/, ''),
    digest: made?.[labels.digest] ?? pulledDigest(await findImage(place, image.tag, signal)),
    status: 'staged',
    ...rest,
  }
}

function pulledDigest(image: InspectedImage | null): string {
  const pulled = image?.RepoDigests?.find((reference) => !reference.startsWith('deployctl/'))
  return pulled?.replace(/^.*@/, '') ?? ''
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
