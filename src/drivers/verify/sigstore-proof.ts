/**
 * Proof by a sigstore bundle: who signed, vouched for by whom, at a time when the certificate held, and written into a
 * log. All of it is checked against a trusted root in a file; nothing is asked of the network.
 */
import type { Bundle } from '@sigstore/bundle'
import type { SignedEntity, Signer, TrustMaterial, VerifierOptions } from '@sigstore/verify'
import type { DeployError } from '../../base/deploy-error.js'
import { messageContent, refuseOtherSubject } from './sigstore-content.js'
import { firstCompanion, trustedFile, unproven, type Subject, type Verdict } from './subject.js'
import type { SigstoreOptions } from './verify-options.js'

interface TrustedRoot {
  readonly material: TrustMaterial
  readonly thresholds: VerifierOptions
}

export async function proveBySigstore(subject: Subject, options: SigstoreOptions): Promise<Verdict> {
  const root = await trustedRoot(subject, options)
  const usual = [`${subject.name}.sigstore.json`, `${subject.name}.sigstore`]
  const found = await firstCompanion(subject, options.bundle === undefined ? usual : [options.bundle])
  if ('missing' in found) return found
  const bundle = await bundleOf(subject, Buffer.from(found.bytes), found.name)
  const signer = await verified(subject, bundle, root, options, found.name)
  refuseStranger(subject, signer, options, found.name)
  return null
}

/** Which logs have to have seen a signature, the trusted root says: a private one may do without. */
async function trustedRoot(subject: Subject, options: SigstoreOptions): Promise<TrustedRoot> {
  const text = await trustedFile(options.trustedRoot, subject.ports)
  const { toTrustMaterial } = await import('@sigstore/verify')
  const { TrustedRoot } = await import('@sigstore/protobuf-specs')
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(text.toString('utf8')))
    if (root.certificateAuthorities.length === 0) throw new Error('it names no certificate authority')
    const thresholds = {
      tlogThreshold: root.tlogs.length === 0 ? 0 : 1,
      ctlogThreshold: root.ctlogs.length === 0 ? 0 : 1,
      timestampThreshold: 1,
    }
    return { material: toTrustMaterial(root), thresholds }
  } catch (cause) {
    throw unproven(subject.shown, `${options.trustedRoot} is no trusted root of sigstore`, {
      hint: 'It is the file trusted_root.json of an instance; for the public one: cosign trusted-root create.',
      details: [messageOf(cause)],
      cause,
    })
  }
}

async function bundleOf(subject: Subject, bytes: Buffer, name: string): Promise<Bundle> {
  const { bundleFromJSON } = await import('@sigstore/bundle')
  try {
    return bundleFromJSON(JSON.parse(bytes.toString('utf8')))
  } catch (cause) {
    throw unproven(subject.shown, `${name} is no sigstore bundle`, {
      hint: 'Make one with: cosign sign-blob --bundle FILE.sigstore.json FILE',
      details: [messageOf(cause)],
      cause,
    })
  }
}

async function verified(
  subject: Subject,
  bundle: Bundle,
  { material, thresholds }: TrustedRoot,
  options: SigstoreOptions,
  name: string,
): Promise<Signer> {
  const { toSignedEntity, Verifier } = await import('@sigstore/verify')
  let entity: SignedEntity
  try {
    entity = toSignedEntity(bundle)
  } catch (cause) {
    throw refusal(subject, cause, options, name)
  }
  if (entity.key.$case === 'public-key') {
    throw unproven(subject.shown, `${name} was made with a bare key, not by an identity`, {
      hint: 'Have it signed with cosign sign-blob without --key, or use minisign or gpg for keys.',
    })
  }
  if (bundle.content.$case === 'messageSignature') {
    entity = { ...entity, signature: await messageContent(subject, bundle.content.messageSignature, name) }
  } else {
    await refuseOtherSubject(subject, bundle.content.dsseEnvelope, name)
  }
  try {
    return new Verifier(material, thresholds).verify(entity)
  } catch (cause) {
    throw refusal(subject, cause, options, name)
  }
}

/** The library compares identities by patterns that need not cover them; here they are the whole of it. */
function refuseStranger(subject: Subject, signer: Signer, options: SigstoreOptions, name: string): void {
  const { identity, issuer } = options
  const signedBy = signer.identity?.subjectAlternativeName ?? 'nobody'
  const vouchedBy = signer.identity?.extensions?.issuer ?? 'nobody'
  const wanted = identity.replaceAll('{version}', subject.version)
  if (!fits(signedBy, wanted)) {
    throw unproven(subject.shown, `${name} was signed by another identity`, {
      hint: identity.includes('{version}')
        ? 'Either somebody else has signed it, or it is the bundle of another version.'
        : 'If that is a publisher you trust, write it under verify.sigstore.identity.',
      details: [`signed by ${signedBy}`, `expected  ${wanted}`],
    })
  }
  if (vouchedBy !== issuer) {
    throw unproven(subject.shown, `the identity in ${name} was vouched for by another issuer`, {
      hint: 'The same name at another issuer may be somebody else. Check verify.sigstore.issuer.',
      details: [`issuer   ${vouchedBy}`, `expected ${issuer}`],
    })
  }
}

function fits(identity: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\/]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(identity)
}

const meanings: { readonly [code: string]: readonly [why: string, hint: string] } = {
  TIMESTAMP_ERROR: [
    'nothing that is trusted says when it was signed',
    'Sign it with a transparency log or a timestamp authority that the trusted root names.',
  ],
  PUBLIC_KEY_ERROR: ['its key is not trusted', 'Have it signed by an identity.'],
  SIGNATURE_ERROR: ['its signature is wrong', 'It was changed after it was made: publish or fetch it again.'],
}
const logMeaning = [
  'its entry in the transparency log does not hold',
  'It is of another log than the trusted root names, or was changed after it was made.',
] as const

function refusal(
  subject: Subject,
  cause: unknown,
  { trustedRoot }: SigstoreOptions,
  name: string,
): DeployError {
  const code = codeOf(cause)
  const reasons = [...reasonsOf(cause)]
  const [why, hint] =
    code === 'CERTIFICATE_ERROR' ? certificateMeaning(reasons, trustedRoot) : (meanings[code] ?? logMeaning)
  return unproven(subject.shown, `${name}: ${why}`, { hint, details: reasons, cause })
}

function certificateMeaning(reasons: readonly string[], root: string): readonly [string, string] {
  if (reasons.some((reason) => reason.includes('expired'))) {
    return [
      'its certificate had expired, or did not hold yet, when it was signed',
      'Certificates of sigstore hold for minutes. Have the release signed again.',
    ]
  }
  if (reasons.some((reason) => reason.includes('SCT'))) {
    return [
      'no certificate log that is trusted has seen its certificate',
      `Use the trusted root of the instance that signed it; ${root} is of another or too old.`,
    ]
  }
  return [
    `its certificate is of an authority that ${root} does not name`,
    'It was signed at another instance of sigstore, or the trusted root is too old.',
  ]
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** What the library says, and what it says that was because of. */
function* reasonsOf(error: unknown): Generator<string> {
  if (!(error instanceof Error)) return
  yield error.message
  yield* reasonsOf(error.cause)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 300) : String(error)
}
