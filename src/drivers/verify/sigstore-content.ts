/**
 * What a sigstore bundle is a signature of, checked without holding the file in memory: the library's own content wants
 * all of it as one buffer. A bundle signs either the file, or a statement that names the file's digest.
 */
import { createHash, createVerify, timingSafeEqual } from 'node:crypto'
import type { Bundle } from '@sigstore/bundle'
import type { SignedEntity } from '@sigstore/verify'
import { corrupt, piecesOf, unproven, type Subject } from './subject.js'

type Content = SignedEntity['signature']
type MessageSignature = Extract<Bundle['content'], { $case: 'messageSignature' }>['messageSignature']
type Envelope = Extract<Bundle['content'], { $case: 'dsseEnvelope' }>['dsseEnvelope']

/** By their numbers in the format of bundles (sigstore_common.proto). */
const hashes: { readonly [number: number]: string } = { 0: 'sha256', 1: 'sha256', 2: 'sha384', 3: 'sha512' }

/** The content of a signature over the file. Throws when the bundle itself names another digest. */
export async function messageContent(
  subject: Subject,
  { signature, messageDigest }: MessageSignature,
  bundle: string,
): Promise<Content> {
  const algorithm = hashes[messageDigest.algorithm]
  if (algorithm === undefined) {
    throw unproven(subject.shown, `${bundle} uses a hash that is not checked here`, {
      hint: 'Have it signed over a SHA-2 hash, as cosign sign-blob does.',
    })
  }
  const [hash, check] = [createHash(algorithm), createVerify(algorithm)]
  for await (const piece of piecesOf(subject)) {
    hash.update(piece)
    check.update(piece)
  }
  const digest = hash.digest()
  if (!isSame(digest, messageDigest.digest)) {
    throw corrupt(subject.shown, `${bundle} is for other content`, [
      `expected ${algorithm}:${messageDigest.digest.toString('hex')}`,
      `got      ${algorithm}:${digest.toString('hex')}`,
    ])
  }
  return {
    signature,
    compareSignature: (other) => isSame(other, signature),
    compareDigest: (other) => isSame(other, digest),
    verifySignature: (key) => verified(() => check.verify(key, signature)),
  }
}

/** Throws unless the statement in the envelope names the digest of the file. The library checks its signature. */
export async function refuseOtherSubject(
  subject: Subject,
  envelope: Envelope,
  bundle: string,
): Promise<void> {
  const named = subjectDigests(envelope)
  if (named === null) {
    throw unproven(subject.shown, `${bundle} signs something that is no statement about files`, {
      hint: 'Use a bundle over the file, or an in-toto attestation of it.',
      details: [`it is of type ${envelope.payloadType}`],
    })
  }
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const digests = named.flatMap((digest) => digest[algorithm] ?? [])
    if (digests.length === 0) continue
    const digest = await subject.digest(algorithm)
    if (digests.some((hex) => `${algorithm}:${hex.toLowerCase()}` === digest)) return
    throw corrupt(subject.shown, `${bundle} is for other content`, [
      ...digests.slice(0, 8).map((hex) => `expected ${algorithm}:${hex}`),
      `got      ${digest}`,
    ])
  }
  throw unproven(subject.shown, `the statement in ${bundle} names no sha256 or sha512`, {
    hint: 'Have it made anew over one of these.',
  })
}

interface SubjectDigest {
  readonly sha256?: string
  readonly sha512?: string
}

function subjectDigests({ payload, payloadType }: Envelope): readonly SubjectDigest[] | null {
  if (payloadType !== 'application/vnd.in-toto+json') return null
  try {
    // looked at piece by piece below
    const { subject } = JSON.parse(payload.toString('utf8')) as { readonly subject?: unknown }
    if (!Array.isArray(subject)) return null
    return subject.map((one: unknown) => ({ ...textAt(one, 'sha256'), ...textAt(one, 'sha512') }))
  } catch {
    return null
  }
}

function textAt(subject: unknown, algorithm: keyof SubjectDigest): SubjectDigest {
  // whatever is there instead has no such text in it
  const text = (subject as { readonly digest?: { readonly [name: string]: unknown } } | null)?.digest?.[
    algorithm
  ]
  return typeof text === 'string' ? { [algorithm]: text } : {}
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** A key of a kind that cannot sign this way throws instead of answering. */
function verified(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}
