/**
 * The reading side of S3, for what a real server does not do when asked: listings in small pages, checksums, versions
 * that may not be read, objects that are archived. It looks at no signatures; the real one is test/services/ceph-rgw.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { startLoopbackServer, type Asked, type Handler } from '../drivers/sources/loopback-server.js'

export interface S3StandIn {
  readonly endpoint: string
  readonly asked: Asked[]
  put(key: string, content: string | Buffer, parts?: ObjectParts): void
  remove(key: string): void
  breakWith(handler: Handler | null): void
  end(): Promise<void>
}

export interface ObjectParts {
  /** As S3 gives it, in base64, or `own` for that of the content. */
  readonly sha256?: string
  readonly checksumType?: string
  readonly storedAt?: string
}

interface Content extends ObjectParts {
  readonly bytes: Buffer
  readonly versionId: string | null
}

export const standInBucket = 'releases'
const pageSize = 2

/** An answer as S3 gives it. */
export function s3Error(status: number, code: string, message: string, extra = ''): Handler {
  return (request, response) => {
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message>${extra}</Error>`
    response.writeHead(status, { 'content-type': 'application/xml' })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

export async function startS3StandIn({ versioned = false } = {}): Promise<S3StandIn> {
  const server = await startLoopbackServer()
  const objects = new Map<string, Content[]>()
  let puts = 0
  server.serve('*', (request, response) => {
    const url = new URL(request.url ?? '/', server.origin)
    const [, bucket, ...rest] = url.pathname.split('/').map(decodeURIComponent)
    if (bucket !== standInBucket) return s3Error(404, 'NoSuchBucket', 'no such bucket')(request, response)
    if (rest.length === 0 || rest[0] === '') return list(url, objects, response)
    const contents = objects.get(rest.join('/')) ?? []
    const wanted = url.searchParams.get('versionId')
    const content = wanted === null ? contents.at(-1) : contents.find(({ versionId }) => versionId === wanted)
    if (content === undefined) return s3Error(404, 'NoSuchKey', 'no such key')(request, response)
    send(content, request, response)
  })
  return {
    endpoint: server.origin,
    asked: server.asked,
    put(key, content, parts = {}) {
      const versionId = versioned ? `version/${++puts}` : null
      const now = { ...parts, bytes: Buffer.from(content), versionId }
      objects.set(key, versioned ? [...(objects.get(key) ?? []), now] : [now])
    },
    remove: (key) => void objects.delete(key),
    breakWith: (handler) => server.breakWith(handler),
    end: () => server.end(),
  }
}

const etagOf = ({ bytes }: Content) => `"${createHash('md5').update(bytes).digest('hex')}"`
const dateOf = ({ storedAt }: Content) => storedAt ?? '2026-03-04T05:06:07.000Z'
const xml = (text: string) => text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`)

function list(url: URL, objects: ReadonlyMap<string, Content[]>, response: ServerResponse): void {
  const { searchParams: asked } = url
  const keys = [...objects.keys()].filter((key) => key.startsWith(asked.get('prefix') ?? '')).sort()
  const from = Number(asked.get('continuation-token') ?? 0)
  const page = keys.slice(from, from + pageSize)
  const next = from + pageSize < keys.length ? String(from + pageSize) : null
  const entries = page.map((key) => {
    const content = objects.get(key)?.at(-1)
    if (content === undefined) return ''
    return `<Contents><Key>${xml(key)}</Key><LastModified>${dateOf(content)}</LastModified><ETag>${etagOf(content)}</ETag><Size>${content.bytes.length}</Size></Contents>`
  })
  response.writeHead(200, { 'content-type': 'application/xml' })
  response.end(
    `<?xml version="1.0"?><ListBucketResult><Name>${standInBucket}</Name><KeyCount>${page.length}</KeyCount>` +
      `<IsTruncated>${next !== null}</IsTruncated>` +
      `${next === null ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}${entries.join('')}</ListBucketResult>`,
  )
}

function send(content: Content, request: IncomingMessage, response: ServerResponse): void {
  const { bytes, versionId, sha256, checksumType } = content
  const own = createHash('sha256').update(bytes).digest('base64')
  const checksum = sha256 === 'own' ? own : sha256
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const headers = {
    etag: etagOf(content),
    'last-modified': new Date(dateOf(content)).toUTCString(),
    'content-length': String(bytes.length - from),
    'accept-ranges': 'bytes',
    ...(versionId === null ? {} : { 'x-amz-version-id': versionId }),
    ...(checksum === undefined ? {} : { 'x-amz-checksum-sha256': checksum }),
    ...(checksumType === undefined ? {} : { 'x-amz-checksum-type': checksumType }),
    ...(from === 0 ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
  }
  response.writeHead(from === 0 ? 200 : 206, headers)
  response.end(request.method === 'HEAD' ? undefined : bytes.subarray(from))
}
