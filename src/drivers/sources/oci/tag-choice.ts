/**
 * Versions from tags, and the tag of a version: either every tag that fits a pattern, or one tag that is followed.
 * What a tag names is asked anew each time, because tags are moved.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Ports } from '../../../model/ports.js'
import { parseVersion, type VersionListing } from '../../../model/release.js'
import { chosen, offerOf, versionNotFound, type Offer } from '../offer.js'
import { remember, type Remembered } from '../remembered.js'
import { versionReader } from '../version-pattern.js'
import { showImage, type ImageName } from '../../artifacts/image-name.js'
import type { RegistryApi } from './registry-api.js'
import { readTags, type TagListing } from './tag-listing.js'

export interface Tagged {
  readonly version: string
  readonly tag: string
}

export interface Tags {
  /** Every version on offer; asks the registry. */
  readonly listed: (signal: AbortSignal) => Promise<readonly VersionListing[]>
  /** The tag of a version, and the digest that it names now. Throws VERSION_NOT_FOUND. */
  readonly find: (
    version: string,
    signal: AbortSignal,
  ) => Promise<{ readonly tagged: Tagged; readonly named: string }>
}

export function tagsOf(image: ImageName, pattern: string, registry: RegistryApi, ports: Ports): Tags {
  const digests = new Map<string, Remembered<string | null>>()
  const digestOf = (tag: string): Remembered<string | null> => {
    const known = digests.get(tag)
    if (known !== undefined) return known
    const made = remember<string | null>((_previous, signal) => registry.digestOf(tag, signal), ports.clock)
    digests.set(tag, made)
    return made
  }
  return pattern.includes('{version}')
    ? manyTags(image, pattern, registry, digestOf, ports)
    : oneTag(image, pattern, digestOf)
}

type DigestOf = (tag: string) => Remembered<string | null>

/** One tag is followed: a poll is one HEAD request. */
function oneTag(image: ImageName, tag: string, digestOf: DigestOf): Tags {
  const tagged = { tag, version: parseVersion(tag) }
  const there = (named: string | null): string => {
    if (named !== null) return named
    throw new DeployError('VERSION_NOT_FOUND', `${showImage(image)} has no tag "${tag}"`, {
      hint: 'Push it, or set tag: to one that is there; {version} in it stands for versions.',
    })
  }
  return {
    listed: async (signal) => {
      there(await digestOf(tag).latest(signal))
      return [{ version: tagged.version, moving: true }]
    },
    find: async (version, signal) => {
      if (parseVersion(version) !== tagged.version) {
        throw versionNotFound(`${showImage(image)} with the tag "${tag}"`, parseVersion(version), [
          tagged.version,
        ])
      }
      return { tagged, named: there(await digestOf(tag).recent(signal)) }
    },
  }
}

function manyTags(
  image: ImageName,
  pattern: string,
  registry: RegistryApi,
  digestOf: DigestOf,
  ports: Ports,
): Tags {
  const versionOf = versionReader(pattern)
  const offerIn = (tags: readonly string[]): Offer<Tagged> =>
    offerOf(
      tags.flatMap((tag) => {
        const version = versionOf(tag)
        return version === null ? [] : [{ version, tag }]
      }),
    )
  const listing = remember<TagListing & { readonly offer: Offer<Tagged> }>(async (previous, signal) => {
    const now = await readTags(registry, previous, signal)
    return now === previous ? previous : { ...now, offer: offerIn(now.tags) }
  }, ports.clock)
  return {
    listed: async (signal) =>
      [...(await listing.latest(signal)).offer.keys()].map((version) => ({ version })),
    find: async (version, signal) => {
      const { offer } = await listing.recent(signal)
      const entries = offer.get(parseVersion(version)) ?? []
      const named = await Promise.all(entries.map(({ tag }) => digestOf(tag).recent(signal)))
      // `v1.0.0` beside `1.0.0` is no question while both name the same
      const isSame = new Set(named).size === 1
      const tagged =
        isSame && entries[0] !== undefined
          ? entries[0]
          : chosen(offer, version, showImage(image), ({ tag }) => tag)
      const digest = named[0]
      if (digest != null) return { tagged, named: digest }
      throw new DeployError(
        'ARTIFACT_MISSING',
        `${showImage(image)}:${tagged.tag} was deleted a moment ago`,
        {
          hint: 'Push it again, or choose another version.',
        },
      )
    },
  }
}
