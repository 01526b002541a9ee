/** What is remembered of a list of releases, against lists of every shape that change in every way. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ReleasePage } from '../../../../src/drivers/sources/github/github-api.js'
import type { GitHubRelease } from '../../../../src/drivers/sources/github/github-releases.js'
import { readListing } from '../../../../src/drivers/sources/github/release-listing.js'

const pageSize = 3
const releaseOf = (id: number, edit = 0): GitHubRelease => ({
  id,
  tag: `v${id}.${edit}`,
  prerelease: false,
  publishedAt: null,
  assets: [],
})

/** Pages of three out of a list, with ETags, counted. */
function serverOf(list: { current: readonly GitHubRelease[] }) {
  const counts = { fresh: 0, unchanged: 0 }
  const readPage = async (
    number: number,
    etag: string | null,
  ): Promise<ReleasePage | { status: 'unchanged' }> => {
    const releases = list.current.slice((number - 1) * pageSize, number * pageSize)
    const hasNext = list.current.length > number * pageSize
    const now = JSON.stringify([releases, hasNext])
    if (etag === now) {
      counts.unchanged++
      return { status: 'unchanged' }
    }
    counts.fresh++
    return { status: 'fresh', releases, etag: now, hasNext }
  }
  return { readPage, counts }
}

type Change = { readonly kind: 'publish' | 'delete' | 'edit'; readonly at: number }
const changesUpTo = (last: number) =>
  fc.array(
    fc.record<Change>({
      kind: fc.constantFrom('publish' as const, 'delete' as const, 'edit' as const),
      at: fc.nat(last),
    }),
  )

let nextId = 1000
function changed(list: readonly GitHubRelease[], { kind, at }: Change): readonly GitHubRelease[] {
  const now = [...list]
  if (kind === 'publish') now.unshift(releaseOf(nextId++))
  if (kind === 'delete') now.splice(at, 1)
  if (kind === 'edit' && now[at] !== undefined) now[at] = releaseOf(now[at].id, nextId++)
  return now
}

const start = fc
  .nat(20)
  .map((length): readonly GitHubRelease[] => Array.from({ length }, (_, index) => releaseOf(length - index)))

describe('a remembered list', () => {
  test('is what the server has, after any change of its first page, for one request or a few', async () => {
    await fc.assert(
      fc.asyncProperty(start, changesUpTo(pageSize - 1), async (first, changes) => {
        const list = { current: first }
        const { readPage, counts } = serverOf(list)
        let listing = await readListing(readPage, null, 0)
        for (const change of changes) {
          list.current = changed(list.current, change)
          listing = await readListing(readPage, listing, 0)
          expect(listing.releases).toEqual(list.current)
          const before = { ...counts }
          expect(await readListing(readPage, listing, 0)).toBe(listing)
          expect(counts).toEqual({ ...before, unchanged: before.unchanged + 1 })
        }
      }),
    )
  })

  test('is what the server has, an hour later, whatever has changed wherever', async () => {
    await fc.assert(
      fc.asyncProperty(start, changesUpTo(25), changesUpTo(25), async (first, some, others) => {
        const list = { current: first }
        const { readPage } = serverOf(list)
        const before = await readListing(readPage, null, 0)
        list.current = some.reduce(changed, list.current)
        const soon = await readListing(readPage, before, 1)
        list.current = others.reduce(changed, list.current)
        const later = await readListing(readPage, soon, 3_600_001)
        expect(later.releases).toEqual(list.current)
      }),
    )
  })

  test('has a release once that was pushed onto the next page while it was read', async () => {
    const list = { current: [5, 4, 3, 2, 1].map((id) => releaseOf(id)) }
    const { readPage } = serverOf(list)
    const listing = await readListing(
      async (number, etag) => {
        const page = await readPage(number, etag)
        if (number === 1) list.current = [releaseOf(6), ...list.current]
        return page
      },
      null,
      0,
    )
    expect(listing.releases.map(({ id }) => id)).toEqual([5, 4, 3, 2, 1])
  })

  test('ends after ten pages and says so', async () => {
    const list = { current: Array.from({ length: 31 }, (_, index) => releaseOf(31 - index)) }
    const { readPage, counts } = serverOf(list)
    const listing = await readListing(readPage, null, 0)
    expect([listing.releases.length, listing.cutOff, counts.fresh]).toEqual([30, true, 10])
  })
})
