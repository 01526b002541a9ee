/**
 * Proves a release genuine in every way that its source asks for, before anything of it is unpacked. The one door into
 * this room: the cache asks it, and remembers what it was told.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOf, sha256 } from '../../base/hash.js'
import { showVersion, type Release } from '../../model/release.js'
import type { Ports } from '../../model/ports.js'
import type { DriverSpec } from '../../model/spec.js'
import { digestOfFile } from '../artifacts/file-digest.js'
import type { ProofRequest, Verifier } from '../artifacts/verifier.js'
import { proveByChecksums } from './checksum-proof.js'
import { proveByDigest } from './given-digest.js'
import { proveByGpg } from './gpg-proof.js'
import { proveByMinisign } from './minisign-proof.js'
import { proveBySigstore } from './sigstore-proof.js'
import { firstCompanion, trustedFile, unproven, type Missing, type Subject, type Verdict } from './subject.js'
import {
  asksForCompanions,
  checksumOptions,
  trustedFiles,
  verifyOptionsOf,
  type ChecksumOptions,
  type SignatureOptions,
  type VerifyOptions,
} from './verify-options.js'

export function createVerifier(ports: Ports): Verifier {
  return {
    async basis(release, spec) {
      const options = verifyOptionsOf(spec)
      return options === null ? null : basisOf(options, release, spec, ports)
    },
    async prove(request) {
      const options = verifyOptionsOf(request.spec)
      if (options === null) return false
      const missing = await firstMissing(options, request, ports)
      if (missing !== null && options.required !== false) throw refused(request.release, missing)
      return missing === null
    },
  }
}

/** The keys by their content: one that was taken out of a keyring vouches for nothing any more. */
async function basisOf(
  options: VerifyOptions,
  release: Release,
  spec: DriverSpec,
  ports: Ports,
): Promise<string> {
  const keys = await Promise.all(
    trustedFiles(options).map(async (file) => sha256(await trustedFile(file, ports))),
  )
  const { source, version, digest, artifact } = release
  return digestOf({ spec, keys, source, version, digest, name: artifact.name })
}

/** Every proof is looked at, so that a wrong one is refused even where another is missing. */
async function firstMissing(
  options: VerifyOptions,
  request: ProofRequest,
  ports: Ports,
): Promise<Missing | null> {
  const { release } = request
  const subject = subjectOf(request, ports)
  const verdicts: Verdict[] = []
  if (options.digest !== undefined) {
    verdicts.push(await proveByDigest(options.digest, release, shownOf(release), subject))
  }
  if (subject === null) {
    if (asksForCompanions(options)) verdicts.push(folderHasNone)
  } else {
    if (options.checksums !== undefined) {
      verdicts.push(...(await checksumVerdicts(subject, checksumOptions(options.checksums))))
    }
    verdicts.push(...(await signatureVerdicts(subject, options)))
  }
  return verdicts.find((verdict) => verdict !== null) ?? null
}

const folderHasNone: Missing = {
  missing: 'it is a folder, beside which no signature is looked for',
  hint: 'Publish it as an archive, or write its digest under verify.digest.',
}

/** The list's own signature first: a list that nobody vouches for is not worth reading. */
async function checksumVerdicts(subject: Subject, options: ChecksumOptions): Promise<readonly Verdict[]> {
  const found = await firstCompanion(subject, [options.file])
  if ('missing' in found) return [found]
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-checksums-'))
  try {
    const file = join(folder, 'list')
    await writeFile(file, found.bytes, { mode: 0o600 })
    const list = {
      ...subject,
      shown: `${found.name}, the checksums of ${subject.shown},`,
      name: found.name,
      file,
    }
    const signatures = await signatureVerdicts(list, options)
    const text = Buffer.from(found.bytes).toString('utf8')
    return [...signatures, await proveByChecksums(subject, list.name, text)]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function signatureVerdicts(
  subject: Subject,
  { minisign, gpg, sigstore }: SignatureOptions,
): Promise<readonly Verdict[]> {
  return [
    minisign === undefined ? null : await proveByMinisign(subject, minisign),
    gpg === undefined ? null : await proveByGpg(subject, gpg),
    sigstore === undefined ? null : await proveBySigstore(subject, sigstore),
  ]
}

/** Null for a folder. */
function subjectOf({ release, source, file, signal }: ProofRequest, ports: Ports): Subject | null {
  if (file === null) return null
  const { version, artifact, digest } = release
  return {
    shown: shownOf(release),
    name: artifact.name,
    version,
    file,
    // the cache has just made sure of the release's own digest
    digest: async (algorithm) =>
      digest.startsWith(`${algorithm}:`) ? digest : digestOfFile(file, algorithm, signal),
    companion: async (name) => (await source.companion?.(release, name, signal)) ?? null,
    ports,
    signal,
  }
}

function shownOf({ artifact, source, version }: Release): string {
  return `${artifact.name} of ${source} ${showVersion(version)}`
}

function refused(release: Release, { missing, hint, details = [] }: Missing): Error {
  return unproven(shownOf(release), missing, {
    hint: `${hint} With required: false under verify:, releases without a proof are deployed as well.`,
    details,
  })
}
