/** `verify:` of a source, as its schema (src/config/verify-schema.ts) admits it. */
import type { DriverSpec } from '../../model/spec.js'

export interface MinisignOptions {
  readonly publicKey?: string
  readonly publicKeyFile?: string
  readonly signature?: string
  readonly legacy?: boolean
}

export interface GpgOptions {
  readonly keyring: string
  readonly signature?: string
}

export interface SigstoreOptions {
  readonly bundle?: string
  readonly identity: string
  readonly issuer: string
  readonly trustedRoot: string
}

/** Proofs of one file by its publisher's key: a release, or a list of checksums. */
export interface SignatureOptions {
  readonly minisign?: MinisignOptions
  readonly gpg?: GpgOptions
  readonly sigstore?: SigstoreOptions
}

export interface ChecksumOptions extends SignatureOptions {
  readonly file: string
}

export interface VerifyOptions extends SignatureOptions {
  readonly digest?: { readonly [version: string]: string }
  readonly checksums?: string | ChecksumOptions
  readonly required?: boolean
}

/** Null when the source has none. */
export function verifyOptionsOf(spec: DriverSpec): VerifyOptions | null {
  const { verify } = spec
  // validated with deploy.yaml; in a plan or journal it is what was validated then
  return verify === undefined ? null : (verify as VerifyOptions)
}

export function checksumOptions(written: string | ChecksumOptions): ChecksumOptions {
  return typeof written === 'string' ? { file: written } : written
}

/** Whether anything is asked for that lies beside a release, where its source has to look for it. */
export function asksForCompanions({ checksums, minisign, gpg, sigstore }: VerifyOptions): boolean {
  return [checksums, minisign, gpg, sigstore].some((proof) => proof !== undefined)
}

/** The files of this machine that the proofs rest on, as written. */
export function trustedFiles(options: VerifyOptions): readonly string[] {
  const own = (signatures: SignatureOptions) => [
    signatures.minisign?.publicKeyFile,
    signatures.gpg?.keyring,
    signatures.sigstore?.trustedRoot,
  ]
  const { checksums } = options
  const ofChecksums = checksums === undefined ? [] : own(checksumOptions(checksums))
  return [...own(options), ...ofChecksums].filter((file) => file !== undefined)
}
