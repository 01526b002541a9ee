/**
 * The requests that are made of a registry (OCI Distribution API): a page of tags, what a tag names now, a document by
 * its digest, and the bytes of a layer. Everything that comes by digest is held against it here.
 */
import { createHash } from 'node:crypto'
import { DeployError, type ErrorCode } from '../../../base/deploy-error.js'
import type { Ports } from '../../../model/ports.js'
import type { FetchContext } from '../../../model/source.js'
import { download } from '../../artifacts/download.js'
import type { Explain, Refusal } from '../../artifacts/http-trouble.js'
import { parseDigest } from '../../artifacts/file-digest.js'
import { readBytes, readJson, type Fresh, type Unchanged } from '../../artifacts/read-text.js'
import { Setback, patientPolicy, type RetryPolicy } from '../../artifacts/retries.js'
import type { Conditions } from '../remembered.js'
import { respite } from '../respite.js'
import { registryOrigin, showImage, type ImageName } from '../../artifacts/image-name.js'
import { isDigest, manifestTypes } from './manifest.js'
import { registryLogin, type Badge, type WrittenLogin } from './registry-login.js'

export interface RegistryPlace {
  readonly image: ImageName
  readonly insecure: boolean | undefined
  readonly written: WrittenLogin
}

export interface RegistryApi {
  /** The address of the first page of tags. */
  readonly tagsUrl: string
  tags(url: string, conditions: Conditions, signal: AbortSignal): Promise<Fresh<unknown> | Unchanged>
  /** The digest that the tag names now; null when there is no such tag. */
  digestOf(tag: string, signal: AbortSignal): Promise<string | null>
  manifest(digest: string, signal: AbortSignal): Promise<Buffer>
  /** What refers to a manifest, by the referrers API; null where the registry has none. */
  referrers(digest: string, signal: AbortSignal): Promise<Buffer | null>
  /** A small blob. */
  blob(digest: string, maxBytes: number, signal: AbortSignal): Promise<Buffer>
  download(
    layer: { readonly digest: string; readonly size: number | undefined; readonly name: string },
    context: FetchContext,
  ): Promise<void>
}

/** Longer waits that the registry asks for are told to the user instead of sat out. */
const policy: RetryPolicy = { ...patientPolicy, retries: 3, patienceMs: 10_000 }
/** What every registry must take, by the specification; larger ones are an attack or no manifest. */
const longestManifestBytes = 4 * 2 ** 20
/** The most that a page may have everywhere. */
const tagsAtOnce = 1000

const accept = [...manifestTypes, '*/*; q=0.1'].join(', ')

export function registryApi(place: RegistryPlace, ports: Ports): RegistryApi {
  const { image } = place
  const { clock } = ports
  const origin = registryOrigin(image.registry, place.insecure)
  const base = `${origin}/v2/${image.repository}`
  const rest = respite(clock)
  const login = registryLogin({
    image,
    origin,
    written: place.written,
    ports,
    onLimit: (waitMs) => rest.atLeast(waitMs),
  })

  /** Leaves the registry alone for a while after it failed; after that, one try is enough. */
  const ask = <T>(
    signal: AbortSignal,
    request: (badge: Badge, retry: RetryPolicy) => Promise<T>,
  ): Promise<T> =>
    rest.around((failing) => {
      const retry = failing ? { ...policy, retries: 0 } : policy
      return login.with((badge) => request(badge, retry), retry, signal)
    })

  const read = async (
    path: string,
    parts: { readonly maxBytes: number; readonly missing: ErrorCode; readonly accept: string },
    signal: AbortSignal,
  ): Promise<Buffer> => {
    const { accept: wanted, ...limits } = parts
    const answer = await ask(signal, ({ headers, explain }, retry) =>
      readBytes({
        url: `${base}${path}`,
        headers: { accept: wanted, ...headers },
        explain,
        retry,
        ...limits,
        clock,
        signal,
      }),
    )
    return answer.status === 'fresh' ? answer.body : Buffer.alloc(0)
  }
  const manifestParts = { maxBytes: longestManifestBytes, missing: 'ARTIFACT_MISSING', accept } as const

  return {
    tagsUrl: `${base}/tags/list?n=${tagsAtOnce}`,
    tags: (url, conditions, signal) =>
      ask(signal, ({ headers, explain }, retry) => {
        const explained: Explain = (refusal) => explain(refusal) ?? noRepository(refusal, image)
        return readJson({ url, headers, ...conditions, explain: explained, retry, clock, signal })
      }),
    async digestOf(tag, signal) {
      const path = `/manifests/${tag}`
      try {
        const answer = await ask(signal, ({ headers, explain }, retry) =>
          readBytes({
            url: `${base}${path}`,
            method: 'HEAD',
            headers: { accept, ...headers },
            explain,
            retry,
            clock,
            signal,
          }),
        )
        const digest = answer.status === 'fresh' ? answer.headers.get('docker-content-digest') : null
        if (digest !== null && isDigest(digest)) return digest
        // a registry need not say the digest; then the document itself does
        return digestOfBytes(await read(path, manifestParts, signal), 'sha256')
      } catch (error) {
        if (isMissing(error)) return null
        throw error
      }
    },
    async manifest(digest, signal) {
      return verified(await read(`/manifests/${digest}`, manifestParts, signal), digest, image)
    },
    async referrers(digest, signal) {
      const parts = { ...manifestParts, accept: manifestTypes[0] }
      return read(`/referrers/${digest}`, parts, signal).catch((error: unknown) => {
        if (isMissing(error)) return null
        throw error
      })
    },
    async blob(digest, maxBytes, signal) {
      const parts = { maxBytes, missing: 'ARTIFACT_MISSING', accept: '*/*' } as const
      return verified(await read(`/blobs/${digest}`, parts, signal), digest, image)
    },
    async download({ digest, size, name }, context) {
      const url = `${base}/blobs/${digest}`
      const expected = size === undefined ? {} : { expectedSize: size }
      await login.with(
        (badge) => download({ url, name, ...badge, ...expected, clock, ...context }),
        policy,
        context.signal,
      )
    },
  }
}

function noRepository({ status, details }: Refusal, image: ImageName): Setback | null {
  if (status !== 404) return null
  const says = `${image.registry} has no repository ${image.repository}`
  return new Setback(new DeployError('SOURCE_NOT_FOUND', says, { details }), { again: false })
}

function isMissing(error: unknown): boolean {
  return error instanceof DeployError && ['ARTIFACT_MISSING', 'SOURCE_NOT_FOUND'].includes(error.code)
}

function digestOfBytes(bytes: Buffer, algorithm: string): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

function verified(bytes: Buffer, expected: string, image: ImageName): Buffer {
  const got = digestOfBytes(bytes, parseDigest(expected).algorithm)
  if (got === expected) return bytes
  throw new DeployError(
    'ARTIFACT_CORRUPT',
    `${showImage(image)}: the registry sent something else than it was asked for`,
    {
      hint: 'It was refused. Ask who runs the registry: it was changed there, or damaged on the way.',
      details: [`expected ${expected}`, `got      ${got}`],
    },
  )
}
