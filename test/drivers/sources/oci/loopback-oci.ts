/** A registry on loopback whose answers a test bends: pages, tokens, missing headers. Real ones are in oci-registry.test.ts. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { digestOfContent } from '../../../support/oci-pusher.js'
import { startLoopbackServer, type LoopbackServer } from '../loopback-server.js'

export interface LoopbackOci {
  readonly server: LoopbackServer
  /** `127.0.0.1:PORT/acme/app`. */
  readonly image: string
  /** `/v2/acme/app`. */
  readonly base: string
  readonly tags: Map<string, string>
  /** Tags on a page; all of them unless set. */
  pageSize: number
  /** Whether pages of tags have an ETag. */
  hasEtags: boolean
  blob(content: string | Buffer): string
  /** A document under its digest, and under a tag. */
  manifest(tag: string | null, document: object): { readonly digest: string; readonly size: number }
  /** An artifact with one file. */
  publish(tag: string, content: string | Buffer, parts?: object): { readonly digest: string }
  /** What has been asked, as `GET /tags/list`. */
  asked(): readonly string[]
  end(): Promise<void>
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

export async function startLoopbackOci(): Promise<LoopbackOci> {
  const server = await startLoopbackServer()
  const base = '/v2/acme/app'
  const documents = new Map<string, string>()
  const sendManifest = (name: string) => (request: IncomingMessage, response: ServerResponse) => {
    const digest = oci.tags.get(name) ?? name
    const text = documents.get(digest)
    if (text === undefined)
      return void response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
    const mediaType = (JSON.parse(text) as { mediaType?: string }).mediaType ?? manifestType // written below
    const length = Buffer.byteLength(text)
    response.writeHead(200, {
      'content-type': mediaType,
      'docker-content-digest': digest,
      'content-length': length,
    })
    response.end(request.method === 'HEAD' ? undefined : text)
  }
  const oci: LoopbackOci = {
    server,
    image: `${server.origin.replace('http://', '')}/acme/app`,
    base,
    tags: new Map(),
    pageSize: Infinity,
    hasEtags: true,
    blob(content) {
      const digest = digestOfContent(content)
      server.serve(`${base}/blobs/${digest}`, Buffer.from(content))
      return digest
    },
    manifest(tag, document) {
      const text = JSON.stringify({ schemaVersion: 2, ...document })
      const digest = digestOfContent(text)
      documents.set(digest, text)
      server.serve(`${base}/manifests/${digest}`, sendManifest(digest))
      if (tag !== null) {
        oci.tags.set(tag, digest)
        server.serve(`${base}/manifests/${tag}`, sendManifest(tag))
      }
      return { digest, size: Buffer.byteLength(text) }
    },
    publish(tag, content, parts = {}) {
      const layer = {
        mediaType: 'application/x-app',
        digest: oci.blob(content),
        size: Buffer.byteLength(content),
      }
      return oci.manifest(tag, {
        mediaType: manifestType,
        artifactType: 'application/x-app',
        layers: [layer],
        ...parts,
      })
    },
    asked: () => server.asked.map(({ method, path }) => `${method} ${path.replace(base, '')}`),
    end: () => server.end(),
  }
  server.serve('*', (request, response) => {
    const url = new URL(request.url ?? '/', server.origin)
    if (url.pathname !== `${base}/tags/list`) return void response.writeHead(404).end()
    const all = [...oci.tags.keys()].sort()
    const after = all.indexOf(url.searchParams.get('last') ?? '') + 1
    const page = all.slice(after, after + oci.pageSize)
    const text = JSON.stringify({ name: 'acme/app', tags: page })
    const etag = `"${digestOfContent(text)}"`
    const isLast = after + page.length >= all.length
    const link = `<${base}/tags/list?n=${oci.pageSize}&last=${page.at(-1) ?? ''}>; rel="next"`
    const headers = { ...(oci.hasEtags ? { etag } : {}), ...(isLast ? {} : { link }) }
    if (oci.hasEtags && request.headers['if-none-match'] === etag)
      return void response.writeHead(304, headers).end()
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text)
  })
  return oci
}
