/**
 * All tags of a repository, page by page, and which of them are releases. Asked again, each page is a conditional
 * request, so an idle poll costs next to nothing where the registry plays along.
 */
import { DeployError } from '../../../base/deploy-error.js'
import { readDocument, type Conditions, type Document } from '../remembered.js'
import { recordIn } from '../../artifacts/json-fields.js'
import type { RegistryApi } from './registry-api.js'
import type { Fresh, Unchanged } from '../../artifacts/read-text.js'

interface Page {
  readonly tags: readonly string[]
  /** The address of the next page. */
  readonly next: string | null
}
export interface TagListing {
  readonly pages: readonly Document<Page>[]
  readonly tags: readonly string[]
}

/** A registry that goes on and on is not read to its end. */
const mostPages = 200

export async function readTags(
  registry: RegistryApi,
  previous: TagListing | null,
  signal: AbortSignal,
): Promise<TagListing> {
  const pages: Document<Page>[] = []
  const seen = new Set<string>()
  for (let url: string | null = registry.tagsUrl; url !== null;) {
    if (seen.has(url) || pages.length === mostPages) throw endless(url, pages.length)
    seen.add(url)
    const page: Document<Page> = await readPage(registry, url, previous?.pages[pages.length] ?? null, signal)
    pages.push(page)
    url = page.content.next
  }
  // the very same pages are the very same list
  if (
    previous !== null &&
    pages.length === previous.pages.length &&
    pages.every((page, at) => page === previous.pages[at])
  ) {
    return previous
  }
  return { pages, tags: pages.flatMap(({ content }) => content.tags).filter((tag) => !isAttachment(tag)) }
}

/** Signatures and other attachments of cosign, and what stands in for the referrers API, share the tags. */
function isAttachment(tag: string): boolean {
  return /^sha(256|512)-[0-9a-f]{32,}(\..+)?$/.test(tag)
}

function readPage(
  registry: RegistryApi,
  url: string,
  previous: Document<Page> | null,
  signal: AbortSignal,
): Promise<Document<Page>> {
  const read = async (conditions: Conditions): Promise<Fresh<unknown> | Unchanged> =>
    dated(await registry.tags(url, conditions, signal))
  return readDocument(url, previous, read, (body, headers) => readBody(body, headers, url))
}

/**
 * Few registries give a list of tags a validator. For the others the date of the answer is one, as HTTP allows; a few
 * seconds earlier, because a tag may have been pushed within the second that the answer was made in.
 */
function dated(answer: Fresh<unknown> | Unchanged): Fresh<unknown> | Unchanged {
  if (answer.status === 'unchanged' || answer.etag !== null || answer.lastModified !== null) return answer
  const atMs = Date.parse(answer.headers.get('date') ?? '')
  if (Number.isNaN(atMs)) return answer
  return { ...answer, lastModified: new Date(atMs - 3000).toUTCString() }
}

function readBody(body: unknown, headers: Headers, url: string): Page {
  const tags = recordIn(body)?.['tags']
  // null: a repository whose tags are all gone
  if (tags !== null && !Array.isArray(tags)) {
    throw new DeployError('SOURCE_GARBAGE', 'the registry did not answer with a list of tags', {
      hint: 'Check image:; a login page or a proxy may have answered instead of a registry.',
      details: [`the answer begins: ${JSON.stringify(body).slice(0, 200)}`],
    })
  }
  return {
    tags: (tags ?? []).filter((tag): tag is string => typeof tag === 'string'),
    next: nextPage(headers.get('link'), url),
  }
}

/** At the same registry, whatever the link says: a proxy in front of it may have another name or scheme. */
function nextPage(link: string | null, url: string): string | null {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? '')?.[1]
  if (target === undefined || !URL.canParse(target, url)) return null
  const next = new URL(target, url)
  return new URL(`${next.pathname}${next.search}`, new URL(url).origin).href
}

function endless(url: string, pages: number): DeployError {
  return new DeployError(
    'SOURCE_GARBAGE',
    `the list of tags has no end: ${pages} pages, and then ${new URL(url).pathname} again`,
    {
      hint: 'Ask who runs the registry, or remove tags that nobody needs.',
    },
  )
}
