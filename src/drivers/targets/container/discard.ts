/**
 * Taking images away again: our tag goes, never by force. What a pull by digest left goes as well, when the image has
 * no other tag and no container is made from it, whosever; otherwise somebody needs it.
 */
import { statusOf } from './engine/trouble.js'
import type { Place } from './place.js'
import { findImage, type InspectedImage } from './stage.js'

/** True when the tag was there and is gone. */
export async function removeTag(place: Place, tag: string, signal: AbortSignal): Promise<boolean> {
  const image = await findImage(place, tag, signal)
  if (image === null) return false
  if (!(await isUsedOtherwise(place, image, tag, signal))) {
    for (const reference of image.RepoDigests ?? []) {
      if (isForeign(reference)) await removeReference(place, reference, signal)
    }
  }
  return removeReference(place, tag, signal)
}

/** A digest under our own name is no reference that can be pulled, and goes with the tag. */
function isForeign(reference: string): boolean {
  return !reference.startsWith('deployctl/')
}

async function isUsedOtherwise(
  place: Place,
  image: InspectedImage,
  tag: string,
  signal: AbortSignal,
): Promise<boolean> {
  if ((image.RepoTags ?? []).some((other) => other !== tag)) return true
  const repositories = (image.RepoDigests ?? []).filter(isForeign).map((one) => one.replace(/@.*$/, ''))
  if (new Set(repositories).size > 1) return true // pulled from two places: one of them is not ours
  const containers = await place.engine.ask<readonly unknown[]>(
    {
      doing: 'look for containers of an image',
      method: 'GET',
      path: '/containers/json',
      query: { all: 'true', filters: JSON.stringify({ ancestor: [image.Id] }) },
    },
    signal,
  )
  return containers.length > 0
}

/** False when it stays because a container has come to need it meanwhile: nothing is forced. */
async function removeReference(place: Place, reference: string, signal: AbortSignal): Promise<boolean> {
  const question = {
    doing: `remove the image ${reference}`,
    method: 'DELETE',
    path: `/images/${reference}`,
    query: { force: 'false' },
  } as const
  try {
    await place.engine.find(question, signal)
    return true
  } catch (error) {
    if (statusOf(error) === 409) return false
    throw error
  }
}
