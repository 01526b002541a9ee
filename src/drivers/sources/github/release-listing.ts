/**
 * The list of a repository's releases, read with as few requests as will do.
 *
 * GitHub gives it newest first, a hundred a page, each page with an ETag. As long as the first page is unchanged, one
 * conditional request is all; when it has changed, reading stops at the first release that was known before, because
 * below it the list is as it was. That order is a habit of GitHub and no promise, so the whole list is gone through
 * again once an hour. Apart from the requests, because it is all memory and no network.
 */
import type { Unchanged } from '../../artifacts/read-text.js'
import type { ReleasePage } from './github-api.js'
import type { GitHubRelease } from './github-releases.js'

export interface ReleaseListing {
  /** Newest first, each once. */
  readonly releases: readonly GitHubRelease[]
  /** Whether there are more, further back than we look. */
  readonly cutOff: boolean
  /** As they were last sent, by number; a later one may be older than the list. */
  readonly pages: readonly ReleasePage[]
  /** When the whole list was last gone through. */
  readonly wholeAtMs: number
}

/** A thousand releases; whoever wants an older one names it exactly, and it is found by its tag. */
export const mostPages = 10
const wholeEveryMs = 60 * 60_000

type ReadPage = (number: number, etag: string | null) => Promise<ReleasePage | Unchanged>

export async function readListing(
  readPage: ReadPage,
  previous: ReleaseListing | null,
  nowMs: number,
): Promise<ReleaseListing> {
  const known = previous !== null && nowMs - previous.wholeAtMs < wholeEveryMs ? previous : null
  const pages: ReleasePage[] = []
  for (let number = 1; number <= mostPages; number++) {
    const before = previous?.pages[number - 1]
    const answer = await readPage(number, before?.etag ?? null)
    if (answer.status === 'unchanged' && number === 1 && known !== null) return known
    const page = answer.status === 'fresh' ? answer : before
    if (page === undefined) throw new Error('a page of releases is "unchanged" that was never read')
    pages.push(page)
    if (!page.hasNext) return listingOf(pages, [], false, nowMs)
    const rest = known === null ? null : knownAfter(page, known)
    if (known !== null && rest !== null) {
      const kept = [...pages, ...known.pages.slice(pages.length)]
      return { ...listingOf(pages, rest, known.cutOff, known.wholeAtMs), pages: kept }
    }
  }
  return listingOf(pages, [], true, nowMs)
}

/** What came after the page's last release when that was last seen; null when it is a new one. */
function knownAfter(page: ReleasePage, known: ReleaseListing): readonly GitHubRelease[] | null {
  const last = page.releases.at(-1)
  const index = known.releases.findIndex(({ id }) => id === last?.id)
  return index === -1 ? null : known.releases.slice(index + 1)
}

/** A release published while we read pushes another one onto the next page, where it comes again. */
function listingOf(
  pages: readonly ReleasePage[],
  rest: readonly GitHubRelease[],
  cutOff: boolean,
  wholeAtMs: number,
): ReleaseListing {
  const byId = new Map<number, GitHubRelease>()
  for (const release of [...pages.flatMap((page) => page.releases), ...rest]) {
    if (!byId.has(release.id)) byId.set(release.id, release)
  }
  return { releases: [...byId.values()], cutOff, pages, wholeAtMs }
}
