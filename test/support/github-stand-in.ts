/**
 * A stand-in for GitHub: the answers to the requests that a source makes of its API, as documented and as recorded in
 * @octokit/fixtures (headers, Link, ETag, limits, redirects), and a second server where the files themselves lie.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serveHttp } from '../contract/loopback.js'

export interface Asked {
  readonly path: string
  readonly status: number
  readonly headers: IncomingMessage['headers']
}

export interface AssetParts {
  readonly content: string | Buffer
  /** Null, as for what was uploaded before GitHub made digests. */
  readonly digest?: string | null
  readonly state?: 'uploaded' | 'starter'
}

export interface ReleaseParts {
  readonly assets?: { readonly [name: string]: AssetParts | string }
  readonly draft?: boolean
  readonly prerelease?: boolean
  readonly publishedAt?: string
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void
type Fields = { [name: string]: unknown }
interface StoredRelease {
  readonly fields: Fields
  readonly assets: Fields[]
}

export interface GitHubStandIn {
  /** For `baseUrl:`, as an enterprise server has it. */
  readonly apiUrl: string
  /** Requests of the API, in the order in which they were answered. */
  readonly asked: Asked[]
  /** Requests of the other host, where the files are. */
  readonly filesAsked: Asked[]
  /** The newest release; one of that tag that is there is replaced. */
  publish(tag: string, parts?: ReleaseParts): void
  /** Attaches a file, in place of one of that name. */
  upload(tag: string, name: string, asset: AssetParts | string): void
  remove(tag: string): void
  /** From now on, only for those who have it. */
  requireToken(token: string): void
  /** Answers everything of the API, or of the other host, until null. */
  breakWith(handler: Handler | null): void
  breakFilesWith(handler: Handler | null): void
  /** The repository's earlier name, under which it redirects. */
  renamedFrom(repository: string): void
  end(): Promise<void>
}

const limitHeaders = {
  'x-ratelimit-limit': '60',
  'x-ratelimit-remaining': '59',
  'x-ratelimit-used': '1',
  'x-ratelimit-reset': '4102444800',
  'x-ratelimit-resource': 'core',
}

export async function startGitHub(repository = 'acme/app'): Promise<GitHubStandIn> {
  const releases: StoredRelease[] = []
  const contents = new Map<number, Buffer>()
  const asked: Asked[] = []
  const filesAsked: Asked[] = []
  let [nextId, token, outage, filesOutage] = [
    1000,
    null as string | null,
    null as Handler | null,
    null as Handler | null,
  ]
  let formerName: string | null = null

  const files = await serveHttp((request, response) => {
    noting(filesAsked, request, response)
    if (filesOutage !== null) return filesOutage(request, response)
    const content = contents.get(Number(/^\/asset\/(\d+)\?signature=/.exec(request.url ?? '')?.[1]))
    if (content === undefined) return void response.writeHead(404).end('BlobNotFound')
    sendFile(request, response, content)
  })
  const filesOrigin = `http://127.0.0.1:${files.port}`
  const api = await serveHttp((request, response) => {
    noting(asked, request, response)
    if (outage !== null) return outage(request, response)
    answer(request, response)
  })
  const apiUrl = `http://127.0.0.1:${api.port}/api/v3`

  const answer: Handler = (request, response) => {
    const url = new URL(request.url ?? '', apiUrl)
    const path = decodeURIComponent(url.pathname).replace(
      '/api/v3/repositories/1296269/',
      `/api/v3/repos/${repository}/`,
    )
    const given = request.headers.authorization?.replace(/^(token|Bearer) /, '') ?? null
    if (given !== null && token !== null && given !== token)
      return sendError(response, 401, { message: 'Bad credentials' })
    if (formerName !== null && path.startsWith(`/api/v3/repos/${formerName}/`)) {
      const location = url.href.replace(`/repos/${formerName}/`, '/repositories/1296269/')
      return sendError(response, 301, { message: 'Moved Permanently', url: location }, { location })
    }
    const rest = path.startsWith(`/api/v3/repos/${repository}/`) && (token === null || given === token)
    const place = rest ? path.slice(`/api/v3/repos/${repository}/`.length) : ''
    if (place === 'releases') return sendPage(request, response, url)
    const tag = /^releases\/tags\/(.+)$/.exec(place)?.[1]
    const tagged = releases.find(({ fields }) => fields['tag_name'] === tag && fields['draft'] === false)
    if (tagged !== undefined) return sendJson(request, response, shown(tagged))
    const id = Number(/^releases\/assets\/(\d+)$/.exec(place)?.[1])
    const asset = releases.flatMap((release) => release.assets).find((one) => one['id'] === id)
    if (asset === undefined) return sendError(response, 404, { message: 'Not Found' })
    if (request.headers.accept !== 'application/octet-stream') return sendJson(request, response, asset)
    const location = `${filesOrigin}/asset/${id}?signature=${asked.length}`
    response.writeHead(302, { ...limitHeaders, location, 'content-type': 'text/html;charset=utf-8' }).end()
  }

  const sendPage = (request: IncomingMessage, response: ServerResponse, url: URL) => {
    const size = Math.min(Number(url.searchParams.get('per_page') ?? 30), 100)
    const page = Number(url.searchParams.get('page') ?? 1)
    const last = Math.ceil(releases.length / size)
    const to = (number: number, rel: string) =>
      `<${apiUrl}/repositories/1296269/releases?per_page=${size}&page=${number}>; rel="${rel}"`
    const links = [
      ...(page > 1 ? [to(page - 1, 'prev')] : []),
      ...(page < last ? [to(page + 1, 'next'), to(last, 'last')] : []),
      ...(page > 1 ? [to(1, 'first')] : []),
    ]
    const body = releases.slice((page - 1) * size, page * size).map(shown)
    sendJson(request, response, body, links.length === 0 ? {} : { link: links.join(', ') })
  }

  const shown = ({ fields, assets }: StoredRelease): Fields => ({ ...fields, assets })
  const assetOf = (name: string, parts: AssetParts | string): Fields => {
    const { content, digest, state = 'uploaded' } = typeof parts === 'string' ? { content: parts } : parts
    const bytes = Buffer.from(content)
    const id = nextId++
    contents.set(id, bytes)
    return {
      url: `${apiUrl}/repos/${repository}/releases/assets/${id}`,
      id,
      name,
      label: '',
      content_type: 'application/octet-stream',
      state,
      size: bytes.length,
      digest: digest === undefined ? `sha256:${createHash('sha256').update(bytes).digest('hex')}` : digest,
      download_count: 42,
      created_at: '2026-01-02T03:04:05Z',
      updated_at: '2026-01-02T03:04:05Z',
      browser_download_url: `http://127.0.0.1:${api.port}/${repository}/releases/download/${name}`,
    }
  }
  const remove = (tag: string) => {
    const index = releases.findIndex(({ fields }) => fields['tag_name'] === tag)
    if (index !== -1) releases.splice(index, 1)
    return index
  }

  return {
    apiUrl,
    asked,
    filesAsked,
    publish(
      tag,
      { assets = {}, draft = false, prerelease = false, publishedAt = '2026-01-02T03:04:05Z' } = {},
    ) {
      const fields = {
        id: nextId++,
        tag_name: tag,
        target_commitish: 'main',
        name: `Version ${tag}`,
        draft,
        prerelease,
        created_at: '2026-01-01T00:00:00Z',
        published_at: draft ? null : publishedAt,
        body: 'Notes',
      }
      const stored = Object.entries(assets).map(([name, parts]) => assetOf(name, parts))
      releases.splice(Math.max(0, remove(tag)), 0, { fields, assets: stored })
    },
    upload(tag, name, parts) {
      const assets = releases.find(({ fields }) => fields['tag_name'] === tag)?.assets ?? []
      const index = assets.findIndex((asset) => asset['name'] === name)
      assets.splice(index === -1 ? assets.length : index, index === -1 ? 0 : 1, assetOf(name, parts))
    },
    remove: (tag) => void remove(tag),
    requireToken: (value) => void (token = value),
    breakWith: (handler) => void (outage = handler),
    breakFilesWith: (handler) => void (filesOutage = handler),
    renamedFrom: (name) => void (formerName = name),
    end: async () => {
      await api.close()
      await files.close()
    },
  }
}

/** A limit as GitHub tells of it, by the headers that each kind has. */
export const limits = {
  /** The hour's requests are used up. `status` is 403 or 429. */
  primary: (resetInS: number, status = 403): Handler => {
    const nowS = Math.floor(Date.now() / 1000)
    const message =
      "API rate limit exceeded for 192.0.2.7. (But here's the good news: Authenticated requests get a higher rate limit. Check out the documentation for more details.)"
    const headers = {
      ...limitHeaders,
      'x-ratelimit-remaining': '0',
      'x-ratelimit-used': '60',
      'x-ratelimit-reset': String(nowS + resetInS),
    }
    return (_request, response) => sendError(response, status, { message }, headers)
  },
  /** Too much at once. */
  secondary: (retryAfterS: number | null, status = 403): Handler => {
    const message =
      'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID 0000:00000.'
    const headers = {
      ...limitHeaders,
      ...(retryAfterS === null ? {} : { 'retry-after': String(retryAfterS) }),
    }
    return (_request, response) => sendError(response, status, { message }, headers)
  },
}

export function sendError(
  response: ServerResponse,
  status: number,
  body: Fields,
  headers: { readonly [name: string]: string } = {},
): void {
  const documentation_url = 'https://docs.github.com/rest'
  response.writeHead(status, {
    ...limitHeaders,
    'content-type': 'application/json; charset=utf-8',
    ...headers,
  })
  response.end(JSON.stringify({ ...body, documentation_url, status: String(status) }))
}

function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  content: unknown,
  headers: { readonly [name: string]: string } = {},
): void {
  const text = JSON.stringify(content)
  const etag = `W/"${createHash('sha256').update(text).digest('hex')}"`
  const all = { ...limitHeaders, 'cache-control': 'public, max-age=60, s-maxage=60', etag, ...headers }
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, all).end()
  response.writeHead(200, { ...all, 'content-type': 'application/json; charset=utf-8' }).end(text)
}

/** With ranges, as the storage behind GitHub has them. */
export function sendFile(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
  const etag = `"${createHash('md5').update(content).digest('hex')}"`
  const headers = { etag, 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream' }
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from === 0 || request.headers['if-range'] !== etag) {
    return void response.writeHead(200, { ...headers, 'content-length': String(content.length) }).end(content)
  }
  const range = `bytes ${from}-${content.length - 1}/${content.length}`
  const length = String(content.length - from)
  response.writeHead(206, { ...headers, 'content-range': range, 'content-length': length })
  response.end(content.subarray(from))
}

function noting(list: Asked[], request: IncomingMessage, response: ServerResponse): void {
  list.push({
    path: request.url ?? '',
    headers: request.headers,
    get status() {
      return response.statusCode
    },
  })
}
