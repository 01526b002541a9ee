/**
 * Staging an image: the engine pulls it, by its digest where there is one, and it gets a tag of ours. The tag is what
 * containers are made from and what keeps the image, so a rollback needs no registry.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Instance } from '../../../model/instance.js'
import type { OperationContext } from '../../../model/target.js'
import { imageOf, showReference, type ImageReference } from './image.js'
import { imageRepository, imageTag } from './names.js'
import type { Place } from './place.js'
import { pullImage } from './pull.js'

export interface InspectedImage {
  readonly Id: string
  readonly RepoTags?: readonly string[] | null
  readonly RepoDigests?: readonly string[] | null
}

export async function stageImage(place: Place, instance: Instance, context: OperationContext): Promise<void> {
  const { options, scope } = place
  const { signal } = context
  const wanted = imageOf(options.image, instance.release)
  const tag = imageTag(scope, instance.name)
  const staged = await findImage(place, tag, signal)
  // what a tag names may have moved meanwhile: what was staged stays what it is
  if (staged !== null && !wanted.isPinned) return
  const image = await bring(place, wanted, context)
  if (staged?.Id === image.Id) return
  const name = tag.slice(imageRepository(scope).length + 1)
  await place.engine.ask(
    {
      doing: `tag ${showReference(wanted)}`,
      method: 'POST',
      path: `/images/${image.Id}/tag`,
      query: { repo: imageRepository(scope), tag: name },
      mayRepeat: true,
    },
    signal,
  )
}

async function bring(
  place: Place,
  wanted: ImageReference,
  context: OperationContext,
): Promise<InspectedImage> {
  const { pull } = place.options
  const reference = showReference(wanted)
  // a digest never changes its meaning, so there is nothing to ask a registry for
  const isAskedFor = pull === 'always' && !wanted.isPinned
  const there = isAskedFor ? null : await findImage(place, reference, context.signal)
  if (there !== null) return there
  if (pull === 'never') {
    throw new DeployError('ARTIFACT_MISSING', `The engine does not have ${reference}, and pull: is never.`, {
      hint: 'Bring the image to the engine, or set pull: missing.',
    })
  }
  await pullImage(place, wanted, context)
  const pulled = await findImage(place, reference, context.signal)
  if (pulled !== null) return pulled
  throw new DeployError('TARGET_REFUSED', `The engine pulled ${reference} but does not have it.`, {
    hint: 'Something may be removing images there at the same time; try again.',
  })
}

export function findImage(
  place: Place,
  reference: string,
  signal: AbortSignal,
): Promise<InspectedImage | null> {
  const question = {
    doing: `look at the image ${reference}`,
    method: 'GET',
    path: `/images/${reference}/json`,
  } as const
  return place.engine.find<InspectedImage>(question, signal)
}
