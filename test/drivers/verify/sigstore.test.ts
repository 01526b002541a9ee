/** Proof by sigstore bundles, made by an instance of the test's own; everything is offline. */
import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeWith } from '../../support/needs.js'
import { proofBench } from './proof-bench.js'
import {
  identity,
  issuer,
  sigstoreInstance,
  type BundleJson,
  type SigstoreInstance,
} from './sigstore-instance.js'

const bench = await proofBench()
const { publish, refusal, at } = bench
const content = Buffer.alloc(2_500_000, 'release ')
const sha256 = createHash('sha256').update(content).digest('hex')
const sha512 = createHash('sha512').update(content).digest('hex')
const sigstore = { identity, issuer, trustedRoot: 'root.json' }

describeWith('signing-tools', 'a bundle', () => {
  let instance: SigstoreInstance
  let other: SigstoreInstance
  beforeAll(() => {
    instance = sigstoreInstance(at('instance'))
    other = sigstoreInstance(at('other'))
  })
  beforeEach(() => {
    rmSync(at('releases'), { recursive: true, force: true })
    bench.forget()
    publish('app-1.1.0.tgz', content)
    writeFileSync(at('root.json'), JSON.stringify(instance.trustedRoot()))
  })
  const offered = (bundle: BundleJson, options: object = {}, name = 'app-1.1.0.tgz.sigstore.json') => {
    publish(name, JSON.stringify(bundle))
    return refusal({ sigstore: { ...sigstore, ...options } })
  }
  const statement = (...subjects: object[]) => ({
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects,
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  })

  test('over the file is a proof, under any of its names and by keys of two sizes', async () => {
    expect(await offered(instance.sign(content))).toBeNull()
    rmSync(at('releases/app-1.1.0.tgz.sigstore.json'))
    bench.forget()
    expect(await offered(instance.sign(content, { curve: 'P-384' }), {}, 'app-1.1.0.tgz.sigstore')).toBeNull()
    expect(
      await offered(instance.sign(content), { bundle: 'proof-{version}.json' }, 'proof-1.1.0.json'),
    ).toBeNull()
  })

  test('over a statement about the file is one as well', async () => {
    const about = statement(
      { name: 'other', digest: { sha256: '0'.repeat(64) } },
      { name: 'app', digest: { sha256 } },
    )
    expect(await offered(instance.attest(about))).toBeNull()
    bench.forget()
    expect(await offered(instance.attest(statement({ name: 'app', digest: { sha512 } })))).toBeNull()
  })

  test('of a list of checksums proves what is in the list', async () => {
    publish('SUMS', `${sha256}  app-1.1.0.tgz\n`)
    publish('SUMS.sigstore.json', JSON.stringify(instance.sign(bench.read('releases/SUMS'))))
    const checksums = { file: 'SUMS', sigstore }
    expect(await refusal({ checksums })).toBeNull()
    bench.forget()
    publish('SUMS', `${sha256}  app-1.1.0.tgz\n\n`)
    expect((await refusal({ checksums }))?.code).toBe('ARTIFACT_CORRUPT')
  })

  test('is compared with the whole identity, with the version and any text filled in', async () => {
    const bundle = instance.sign(content)
    const tags = identity.replace('1.1.0', '{version}')
    for (const wanted of [tags, identity.replace('v1.1.0', '*'), 'https://github.com/acme/*', '*']) {
      bench.forget()
      expect(await offered(bundle, { identity: wanted }), wanted).toBeNull()
    }
    for (const wanted of [
      identity.slice(0, -1),
      identity.slice(1),
      'https://github.com/acme/app',
      identity.replace('.github', 'xgithub'),
      '.*',
      'https://github.com/*/other/*',
    ]) {
      expect(await offered(bundle, { identity: wanted }), wanted).toMatchObject({
        code: 'ARTIFACT_UNPROVEN',
        message: expect.stringContaining('signed by another identity') as string,
        details: [`signed by ${identity}`, `expected  ${wanted}`],
      })
    }
    const older = await offered(instance.sign(content, { identity: identity.replace('1.1.0', '1.0.0') }), {
      identity: tags,
    })
    expect(older?.hint).toMatch(/bundle of another version/)
  })

  test('of the same name at another issuer is refused', async () => {
    expect(await offered(instance.sign(content, { issuer: 'https://accounts.example.com' }))).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringContaining('another issuer') as string,
      details: ['issuer   https://accounts.example.com', `expected ${issuer}`],
    })
  })

  test('for other content is refused', async () => {
    const another = Buffer.from('another')
    for (const bundle of [
      instance.sign(another),
      instance.attest(statement({ name: 'app', digest: { sha256: sha512.slice(64) } })),
    ]) {
      expect(await offered(bundle)).toMatchObject({
        code: 'ARTIFACT_CORRUPT',
        message: expect.stringContaining('is for other content') as string,
      })
    }
  })

  test('of another instance is refused', async () => {
    expect(await offered(other.sign(content))).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringContaining(
        'its certificate is of an authority that root.json does not name',
      ) as string,
    })
    // the right authority, and a log that nobody knows
    const [ours, theirs] = [instance.sign(content), other.sign(content)]
    ours.verificationMaterial.tlogEntries = theirs.verificationMaterial.tlogEntries
    expect((await offered(ours))?.message).toMatch(/its entry in the transparency log does not hold/)
  })

  test('made when its certificate did not hold is refused', async () => {
    for (const at of [new Date(Date.now() - 86_400_000), new Date(Date.now() + 3 * 86_400_000)]) {
      expect(await offered(instance.sign(content, { at }))).toMatchObject({
        code: 'ARTIFACT_UNPROVEN',
        message: expect.stringContaining('had expired, or did not hold yet') as string,
      })
    }
  })

  test('that was put together or changed is refused', async () => {
    const [one, two] = [instance.sign(content), instance.sign(Buffer.from('two'))]
    const changed: readonly ((bundle: BundleJson) => void)[] = [
      (bundle) => (bundle.messageSignature!.signature = two.messageSignature!.signature),
      (bundle) => (bundle.verificationMaterial.tlogEntries = two.verificationMaterial.tlogEntries),
      (bundle) =>
        (bundle.verificationMaterial.tlogEntries[0]!.canonicalizedBody =
          two.verificationMaterial.tlogEntries[0]!.canonicalizedBody),
      (bundle) => (bundle.verificationMaterial.tlogEntries = []),
      (bundle) =>
        (bundle.verificationMaterial['x509CertificateChain'] =
          two.verificationMaterial['x509CertificateChain']),
      (bundle) => {
        delete bundle.messageSignature
      },
      (bundle) => (bundle['mediaType'] = 'text/plain'),
    ]
    for (const [index, change] of changed.entries()) {
      const bundle = structuredClone(one)
      change(bundle)
      expect((await offered(bundle))?.code, `change ${index}`).toBe('ARTIFACT_UNPROVEN')
    }
    const attested = instance.attest(statement({ name: 'app', digest: { sha256 } }))
    attested.dsseEnvelope!.payload = Buffer.from(JSON.stringify(statement({ digest: { sha256 } }))).toString(
      'base64',
    )
    expect((await offered(attested))?.code).toBe('ARTIFACT_UNPROVEN')
  })

  test('about something else, or by a bare key, is refused', async () => {
    expect((await offered(instance.attest({ hello: 'world' })))?.message).toMatch(/no statement about files/)
    expect(
      (await offered(instance.attest(statement({ name: 'app', digest: { sha1: 'x' } }))))?.message,
    ).toMatch(/names no sha256/)
    const bare = instance.sign(content)
    delete bare.verificationMaterial['x509CertificateChain']
    bare.verificationMaterial['publicKey'] = { hint: 'x' }
    expect((await offered(bare))?.message).toMatch(/bare key/)
  })

  test('that is none, or not there, or without a root to trust', async () => {
    publish('app-1.1.0.tgz.sigstore.json', 'hello')
    expect((await refusal({ sigstore }))?.message).toMatch(/is no sigstore bundle/)
    rmSync(at('releases/app-1.1.0.tgz.sigstore.json'))
    expect((await refusal({ sigstore }))?.message).toMatch(
      /no app-1\.1\.0\.tgz\.sigstore\.json and no app-1\.1\.0\.tgz\.sigstore beside/,
    )
    expect(await refusal({ sigstore, required: false })).toBeNull()
    publish('app-1.1.0.tgz.sigstore.json', JSON.stringify(instance.sign(content)))
    for (const text of ['hello', '{}', '[]', 'null']) {
      writeFileSync(at('root.json'), text)
      expect((await refusal({ sigstore }))?.message, text).toMatch(/root\.json is no trusted root/)
    }
  })

  test('needs the logs that the trusted root names', async () => {
    const root = instance.trustedRoot()
    writeFileSync(at('root.json'), JSON.stringify({ ...root, ctlogs: root.tlogs }))
    expect((await offered(instance.sign(content)))?.message).toMatch(/no certificate log that is trusted/)
    writeFileSync(at('root.json'), JSON.stringify({ ...root, tlogs: [] }))
    expect((await offered(instance.sign(content)))?.code).toBe('ARTIFACT_UNPROVEN')
  })
})
