/** The reading side of Google Cloud Storage's JSON API: lists in small pages, objects by generation, errors as Google has them. */
import { startLoopbackServer, type Asked, type Handler } from '../drivers/sources/loopback-server.js'

export interface GcsStandIn {
  readonly endpoint: string
  readonly asked: Asked[]
  put(name: string, content: string | Buffer, record?: { readonly [field: string]: unknown }): void
  remove(name: string): void
  /** From now on only requests with this token are answered. */
  want(token: string): void
  breakWith(handler: Handler | null): void
  end(): Promise<void>
}

interface Content {
  readonly bytes: Buffer
  readonly generation: string
  readonly record: { readonly [field: string]: unknown }
}

export const standInBucket = 'releases'
const pageSize = 2

export function gcsError(status: number, reason: string, message: string): Handler {
  const body = { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } }
  return (_request, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
      .end(JSON.stringify(body, null, 2))
}

/** `keeps`: earlier generations stay, as in a bucket with versions. */
export async function startGcsStandIn({ keeps = false } = {}): Promise<GcsStandIn> {
  const server = await startLoopbackServer()
  const objects = new Map<string, Content[]>()
  let generation = 1_700_000_000_000_000
  let token: string | null = null

  const list = (url: URL): unknown => {
    const names = [...objects.keys()]
      .filter((name) => name.startsWith(url.searchParams.get('prefix') ?? ''))
      .sort()
    const from = Number(url.searchParams.get('pageToken') ?? 0)
    const items = names.slice(from, from + pageSize).map((name) => {
      const content = objects.get(name)?.at(-1)
      const { bytes, generation: number, record } = content as Content // it is in the table
      const timeCreated = '2026-03-04T05:06:07.890Z'
      return { name, size: String(bytes.length), generation: number, timeCreated, ...record }
    })
    const next = from + pageSize < names.length ? { nextPageToken: String(from + pageSize) } : {}
    return { kind: 'storage#objects', ...next, ...(items.length === 0 ? {} : { items }) }
  }

  server.serve('*', (request, response) => {
    const url = new URL(request.url ?? '/', server.origin)
    const [, , , , bucket, , object] = url.pathname.split('/').map(decodeURIComponent)
    if (token !== null && request.headers.authorization !== `Bearer ${token}`)
      return gcsError(401, 'authError', 'Invalid Credentials')(request, response)
    if (bucket !== standInBucket)
      return gcsError(404, 'notFound', 'The specified bucket does not exist.')(request, response)
    if (object === undefined) {
      response.writeHead(200, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify(list(url)))
    }
    const contents = objects.get(object) ?? []
    const wanted = url.searchParams.get('generation')
    const content =
      wanted === null ? contents.at(-1) : contents.find(({ generation: number }) => number === wanted)
    if (content === undefined)
      return gcsError(404, 'notFound', `No such object: ${bucket}/${object}`)(request, response)
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': String(content.bytes.length),
      etag: `"${content.generation}"`,
    })
    response.end(content.bytes)
  })
  return {
    endpoint: server.origin,
    asked: server.asked,
    put(name, content, record = {}) {
      const now = { bytes: Buffer.from(content), generation: String(++generation), record }
      objects.set(name, keeps ? [...(objects.get(name) ?? []), now] : [now])
    },
    remove: (name) => void objects.delete(name),
    want: (wanted) => {
      token = wanted
    },
    breakWith: (handler) => server.breakWith(handler),
    end: () => server.end(),
  }
}
