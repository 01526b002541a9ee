/**
 * A sigstore instance of our own, as small as it can be: an authority that makes certificates for identities (with
 * openssl), and a transparency log that signs what it is shown. What it makes is in the public formats.
 */
import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync, randomUUID, sign, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SigningWish {
  readonly identity?: string
  readonly issuer?: string
  /** ISO 8601: what the log says. */
  readonly at?: Date
  /** Of the key that signs; P-256 unless given. */
  readonly curve?: 'P-256' | 'P-384'
}

export const identity = 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.1.0'
export const issuer = 'https://token.actions.githubusercontent.com'

export interface SigstoreInstance {
  readonly trustedRoot: () => TrustedRootJson
  /** A bundle over the bytes, or over a statement about them. */
  readonly sign: (bytes: Buffer, wish?: SigningWish) => BundleJson
  readonly attest: (statement: object, wish?: SigningWish) => BundleJson
}

// Documents that tests change on purpose.
export type TrustedRootJson = ReturnType<typeof trustedRootOf>
export interface BundleJson {
  verificationMaterial: {
    tlogEntries: { canonicalizedBody: string; inclusionPromise: { signedEntryTimestamp: string } }[]
    [key: string]: unknown
  }
  messageSignature?: { signature: string; messageDigest: { algorithm: string; digest: string } }
  dsseEnvelope?: { payload: string; payloadType: string; signatures: { sig: string }[] }
  [key: string]: unknown
}

export function sigstoreInstance(folder: string): SigstoreInstance {
  mkdirSync(folder, { recursive: true })
  const authority = makeAuthority(folder)
  const log = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const logKey = log.publicKey.export({ type: 'spki', format: 'der' })
  const logId = createHash('sha256').update(logKey).digest()

  const entry = (body: { readonly kind: string; readonly apiVersion: string }, at: Date) => {
    const canonicalizedBody = Buffer.from(JSON.stringify(body)).toString('base64')
    const integratedTime = Math.floor(at.getTime() / 1000)
    const promise = { body: canonicalizedBody, integratedTime, logID: logId.toString('hex'), logIndex: 7 }
    return {
      logIndex: '7',
      logId: { keyId: logId.toString('base64') },
      kindVersion: { kind: body.kind, version: body.apiVersion },
      integratedTime: String(integratedTime),
      inclusionPromise: {
        signedEntryTimestamp: sign('sha256', Buffer.from(JSON.stringify(promise)), log.privateKey).toString(
          'base64',
        ),
      },
      canonicalizedBody,
    }
  }
  const bundle = (certificate: Buffer, tlogEntry: ReturnType<typeof entry>, content: object): BundleJson => ({
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: certificate.toString('base64') }] },
      tlogEntries: [tlogEntry],
    },
    ...content,
  })
  return {
    trustedRoot: () => trustedRootOf(authority.certificate, logKey, logId),
    sign(bytes, wish = {}) {
      const { key, certificate } = authority.certify(wish)
      const signature = sign('sha256', bytes, key).toString('base64')
      const digest = createHash('sha256').update(bytes).digest()
      const spec = {
        data: { hash: { algorithm: 'sha256', value: digest.toString('hex') } },
        signature: { content: signature, publicKey: { content: '' } },
      }
      const shown = entry({ apiVersion: '0.0.1', kind: 'hashedrekord', ...{ spec } }, wish.at ?? new Date())
      const messageDigest = { algorithm: 'SHA2_256', digest: digest.toString('base64') }
      return bundle(certificate, shown, { messageSignature: { messageDigest, signature } })
    },
    attest(statement, wish = {}) {
      const { key, certificate } = authority.certify(wish)
      const [payload, payloadType] = [Buffer.from(JSON.stringify(statement)), 'application/vnd.in-toto+json']
      const encoded = Buffer.concat([
        Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
        payload,
      ])
      const sig = sign('sha256', encoded, key).toString('base64')
      const value = createHash('sha256').update(payload).digest('hex')
      const spec = {
        payloadHash: { algorithm: 'sha256', value },
        signatures: [{ signature: sig, verifier: '' }],
      }
      const shown = entry({ apiVersion: '0.0.1', kind: 'dsse', ...{ spec } }, wish.at ?? new Date())
      const envelope = { payload: payload.toString('base64'), payloadType, signatures: [{ sig }] }
      return bundle(certificate, shown, { dsseEnvelope: envelope })
    },
  }
}

function trustedRootOf(authority: Buffer, logKey: Buffer, logId: Buffer) {
  const validFor = { start: '2020-01-01T00:00:00.000Z' }
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [
      {
        baseUrl: 'https://log.example.com',
        hashAlgorithm: 'SHA2_256',
        publicKey: { rawBytes: logKey.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
        logId: { keyId: logId.toString('base64') },
      },
    ],
    certificateAuthorities: [
      {
        subject: { organization: 'test', commonName: 'test' },
        uri: 'https://authority.example.com',
        certChain: { certificates: [{ rawBytes: authority.toString('base64') }] },
        validFor,
      },
    ],
    ctlogs: [] as object[],
    timestampAuthorities: [] as object[],
  }
}

function makeAuthority(folder: string) {
  const at = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const der = (name: string): Buffer => new X509Certificate(readFileSync(at(name))).raw
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'ca.key')
  openssl(
    ...[
      'req',
      '-x509',
      '-new',
      '-key',
      'ca.key',
      '-days',
      '30',
      '-subj',
      '/O=test/CN=authority',
      '-out',
      'ca.pem',
    ],
    ...['-addext', 'keyUsage=critical,keyCertSign', '-sha256'],
  )
  return {
    certificate: der('ca.pem'),
    certify(wish: SigningWish) {
      const name = randomUUID()
      const curve = wish.curve ?? 'P-256'
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve })
      writeFileSync(at(`${name}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }))
      const extensions = [
        'keyUsage=critical,digitalSignature',
        'extendedKeyUsage=codeSigning',
        'subjectKeyIdentifier=hash',
        'authorityKeyIdentifier=keyid',
        `subjectAltName=critical,URI:${wish.identity ?? identity}`,
        `1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:${wish.issuer ?? issuer}`,
      ]
      writeFileSync(at(`${name}.ext`), extensions.join('\n'))
      openssl('req', '-new', '-key', `${name}.key`, '-subj', '/CN=signer', '-out', `${name}.csr`)
      openssl(
        ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
        ...['-days', '1', '-sha256', '-extfile', `${name}.ext`, '-out', `${name}.pem`],
      )
      return { key: privateKey, certificate: der(`${name}.pem`) }
    },
  }
}
