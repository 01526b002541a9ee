/** Proof by a digest in deploy.yaml itself: somebody has looked at the release and written down what it is. */
import { parseVersion, type Release } from '../../model/release.js'
import { parseDigest } from '../artifacts/file-digest.js'
import { corrupt, unproven, type Subject, type Verdict } from './subject.js'
import type { VerifyOptions } from './verify-options.js'

type Digests = NonNullable<VerifyOptions['digest']>

/** `subject` is null for a release that is a folder: it is known by its digest alone. */
export async function proveByDigest(
  digests: Digests,
  release: Release,
  shown: string,
  subject: Subject | null,
): Promise<Verdict> {
  const given = digestFor(digests, release.version)
  if (given === null) {
    return {
      missing: `verify.digest has no line for version ${release.version}`,
      hint: `When you have made sure of this release, write there: "${release.version}": ${release.digest}`,
    }
  }
  const algorithm = given.slice(0, given.indexOf(':'))
  if (subject === null) {
    if (given === release.digest) return null
    if (release.digest.startsWith(`${algorithm}:`)) throw wrong(shown, given, release.digest)
    throw otherKind(shown, algorithm, release.digest)
  }
  if (algorithm !== 'sha256' && algorithm !== 'sha512') throw otherKind(shown, algorithm, release.digest)
  const digest = await subject.digest(parseDigest(given).algorithm)
  if (digest === given) return null
  throw wrong(shown, given, digest)
}

function digestFor(digests: Digests, version: string): string | null {
  const key = Object.keys(digests).find((written) => parseVersion(written) === version)
  return key === undefined ? null : (digests[key] ?? null)
}

function wrong(shown: string, given: string, found: string): Error {
  return corrupt(shown, 'verify.digest in deploy.yaml has another', [
    `expected ${given}`,
    `got      ${found}`,
  ])
}

function otherKind(shown: string, algorithm: string, digest: string): Error {
  return unproven(shown, `verify.digest has a ${algorithm} digest, which does not fit this kind of release`, {
    hint: 'Write the digest in the form that deployctl knows the release by.',
    details: [`known by: ${digest}`],
  })
}
