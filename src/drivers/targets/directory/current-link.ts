/** The link `current`: reading it, switching it in one atomic move, and taking it away. Nothing else touches it. */
import { DeployError } from '../../../base/deploy-error.js'
import { releaseOfLinkText, type Layout } from './layout.js'
import type { Ground } from './place.js'

export type Current =
  | { readonly kind: 'missing' }
  /** `name` is null when it points at something that is no release of this place. */
  | { readonly kind: 'link'; readonly text: string; readonly name: string | null }
  | { readonly kind: 'folder' | 'file' }

export async function readCurrent({ layout, files }: Ground): Promise<Current> {
  const kind = await files.kindOf(layout.current)
  if (kind === 'nothing') return { kind: 'missing' }
  if (kind !== 'link') return { kind: kind === 'folder' ? 'folder' : 'file' }
  const text = await files.linkText(layout.current)
  return text === null ? { kind: 'missing' } : { kind, text, name: releaseOfLinkText(layout, text) }
}

const nothing = (): Promise<void> => Promise.resolve()

/**
 * Makes `current` say `text`: a new link beside, renamed over the old one, so that a reader finds one or the other and
 * never none. The new link waits in deployctl's own folder: what a kill leaves there is never taken for a release.
 * `andThen` is what belongs to the switch: on a host it goes there with it, and one look tells whether all is well.
 */
export async function switchCurrent(ground: Ground, text: string, andThen = nothing): Promise<void> {
  const { layout, files } = ground
  refuseWhatIsNoLink(layout, await readCurrent(ground))
  await files.remove(layout.nextLink)
  await files.link(text, layout.nextLink)
  await files.move(layout.nextLink, layout.current)
  await files.sync(layout.root)
  await andThen()
  files.forget() // what counts is what a reader finds there now
  const now = await readCurrent(ground)
  if (now.kind === 'link' && now.text === text) return
  throw new DeployError(
    'TARGET_REFUSED',
    `${layout.current} was switched to ${text}, but now it ${sayCurrent(now)}.`,
    {
      hint: 'Something else writes this link. Find out what, and deploy again.',
    },
  )
}

export async function removeCurrent(ground: Ground): Promise<void> {
  const { layout, files } = ground
  const current = await readCurrent(ground)
  if (current.kind === 'missing') return
  refuseWhatIsNoLink(layout, current)
  await files.remove(layout.current)
  await files.sync(layout.root)
}

/** What `current` must not be, and what to do about it. */
export function refuseWhatIsNoLink(layout: Layout, current: Current): void {
  if (current.kind === 'missing' || current.kind === 'link') return
  throw new DeployError(
    'TARGET_REFUSED',
    `${layout.current} is a ${current.kind}, not a link, so no release can be published there.`,
    {
      hint: `Move it away first (mv ${layout.current} ${layout.current}.old) and deploy again; deployctl makes the link.`,
    },
  )
}

export function sayCurrent(current: Current): string {
  if (current.kind === 'missing') return 'is missing'
  return current.kind === 'link' ? `points at ${current.text}` : `is a ${current.kind}`
}
