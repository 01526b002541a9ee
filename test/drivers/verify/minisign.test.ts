/** Proof by minisign: signatures of the real tool, and forgeries of our own. */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { readMinisignKey, readMinisignSignature } from '../../../src/drivers/verify/minisign-format.js'
import { testWith } from '../../support/needs.js'
import { proofBench } from './proof-bench.js'

const bench = await proofBench()
const { publish, refusal, at } = bench
const content = Buffer.alloc(3_000_000, 'release ')

beforeEach(() => {
  rmSync(at('releases'), { recursive: true, force: true })
  bench.forget()
  publish('app-1.1.0.tgz', content)
})

interface Signer {
  readonly publicKey: string
  signature(
    bytes: Buffer,
    changes?: { readonly comment?: string; readonly legacy?: boolean; readonly globalOver?: string },
  ): string
}

/** The format, written from its description: what the real tool does not let us forge. */
function signer(id = 'abcdefgh'): Signer {
  const keys = generateKeyPairSync('ed25519')
  const raw = Buffer.from(keys.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const key: KeyObject = keys.privateKey
  return {
    publicKey: Buffer.concat([Buffer.from(`Ed${id}`), raw]).toString('base64'),
    signature(
      bytes,
      { comment = 'timestamp:1\tfile:app-1.1.0.tgz\thashed', legacy = false, globalOver } = {},
    ) {
      const message = legacy ? bytes : createHash('blake2b512').update(bytes).digest()
      const signed = sign(null, message, key)
      const whole = Buffer.concat([signed, Buffer.from(globalOver ?? comment)])
      return [
        'untrusted comment: any',
        Buffer.concat([Buffer.from(`${legacy ? 'Ed' : 'ED'}${id}`), signed]).toString('base64'),
        `trusted comment: ${comment}`,
        sign(null, whole, key).toString('base64'),
        '',
      ].join('\n')
    },
  }
}

const ours = signer()
const minisign = { publicKey: ours.publicKey }
const offered = (signature: string) => {
  publish('app-1.1.0.tgz.minisig', signature)
  return refusal({ minisign })
}

testWith('signing-tools')(
  'what the real tool signs is proven, in the old way only where that is accepted',
  async () => {
    bench.run('minisign', ['-G', '-W', '-p', 'key.pub', '-s', 'key.sec'])
    bench.run('minisign', ['-S', '-s', 'key.sec', '-m', 'releases/app-1.1.0.tgz'])
    const publicKey = bench.read('key.pub').toString('utf8').split('\n')[1] ?? ''
    expect(await refusal({ minisign: { publicKeyFile: 'key.pub' } })).toBeNull()
    expect(await refusal({ minisign: { publicKey } })).toBeNull()
    renameSync(at('releases/app-1.1.0.tgz.minisig'), at('releases/signed-1.1.0'))
    expect(await refusal({ minisign: { publicKey, signature: 'signed-{version}' } })).toBeNull()

    bench.forget()
    bench.run('minisign', ['-S', '-l', '-s', 'key.sec', '-m', 'releases/app-1.1.0.tgz'])
    expect(await refusal({ minisign: { publicKey } })).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringContaining('is of the old kind') as string,
      hint: expect.stringContaining('legacy: true') as string,
    })
    expect(await refusal({ minisign: { publicKey, legacy: true } })).toBeNull()

    publish('app-1.1.0.tgz', Buffer.concat([content, Buffer.from('!')]))
    expect((await refusal({ minisign: { publicKey, legacy: true } }))?.code).toBe('ARTIFACT_CORRUPT')

    // a list with a signature of its own
    const digest = createHash('sha256').update(bench.read('releases/app-1.1.0.tgz')).digest('hex')
    publish('SUMS', `${digest}  app-1.1.0.tgz\n`)
    bench.run('minisign', ['-S', '-s', 'key.sec', '-m', 'releases/SUMS'])
    const checksums = { file: 'SUMS', minisign: { publicKey } }
    expect(await refusal({ checksums })).toBeNull()
    publish('SUMS', `${digest}  app-1.1.0.tgz\n${'0'.repeat(64)}  more.tgz\n`)
    bench.forget()
    expect(await refusal({ checksums })).toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringContaining('SUMS, the checksums of app-1.1.0.tgz of app v1.1.0,') as string,
    })
  },
)

describe('a signature that is right', () => {
  test('proves the release, whatever it was called when it was signed', async () => {
    expect(await offered(ours.signature(content))).toBeNull()
    for (const comment of ['', 'timestamp:1', 'file:dist/app.tgz', 'file:app-1.1.0.tgz.tmp']) {
      bench.forget()
      expect(await offered(ours.signature(content, { comment })), comment).toBeNull()
    }
  })

  test('with line ends of another system', async () => {
    expect(await offered(ours.signature(content).replaceAll('\n', '\r\n'))).toBeNull()
  })
})

describe('refused', () => {
  const cases: readonly (readonly [string, string, string, RegExp, RegExp])[] = [
    [
      'for another content',
      ours.signature(Buffer.from('x')),
      'ARTIFACT_CORRUPT',
      /does not fit app-1\.1\.0\.tgz\.minisig/,
      /Ask its publisher/,
    ],
    [
      'by another key',
      signer('12345678').signature(content),
      'ARTIFACT_UNPROVEN',
      /another key/,
      /make sure of it/,
    ],
    [
      'by another key under our number',
      signer().signature(content),
      'ARTIFACT_UNPROVEN',
      /was changed after it was made/,
      /again/,
    ],
    [
      'with a changed trusted comment',
      ours.signature(content, { globalOver: 'another' }),
      'ARTIFACT_UNPROVEN',
      /was changed/,
      /trusted comment/,
    ],
    [
      'of the old kind',
      ours.signature(content, { legacy: true }),
      'ARTIFACT_UNPROVEN',
      /old kind/,
      /legacy: true/,
    ],
    [
      'made for an older version',
      ours.signature(content, { comment: 'file:app-1.0.0.tgz' }),
      'ARTIFACT_UNPROVEN',
      /was made for version 1\.0\.0/,
      /older release/,
    ],
    ['that is none', 'hello', 'ARTIFACT_UNPROVEN', /is no minisign signature/, /minisign -Sm/],
    ['that is empty', '', 'ARTIFACT_UNPROVEN', /is no minisign signature/, /minisign -Sm/],
    [
      'without its trusted half',
      ours.signature(content).split('\n').slice(0, 2).join('\n'),
      'ARTIFACT_UNPROVEN',
      /is no minisign signature/,
      /signify/,
    ],
    [
      'with something after it',
      `${ours.signature(content)}more\n`,
      'ARTIFACT_UNPROVEN',
      /is no minisign signature/,
      /minisign/,
    ],
  ]
  test.each(cases)('one %s', async (_, signature, code, message, hint) => {
    const error = await offered(signature)
    expect(error).toMatchObject({ code })
    expect(error?.message).toMatch(message)
    expect(error?.hint).toMatch(hint)
  })

  test('one that is not there', async () => {
    expect(await refusal({ minisign })).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringContaining('there is no app-1.1.0.tgz.minisig beside it') as string,
    })
    expect(await refusal({ minisign, required: false })).toBeNull()
  })

  test('every changed byte of a signature', async () => {
    const whole = ours.signature(Buffer.from('small'))
    publish('app-1.1.0.tgz', 'small')
    const start = whole.indexOf('\n') + 1 // the untrusted comment may say anything
    for (let byte = start; byte < whole.length - 1; byte += 7) {
      const changed = Buffer.from(whole)
      changed[byte] = (changed[byte] ?? 0) ^ 1
      expect(await offered(changed.toString('latin1')), `byte ${byte}`).not.toBeNull()
    }
  })

  test('a key that is none, or not there', async () => {
    publish('app-1.1.0.tgz.minisig', ours.signature(content))
    writeFileSync(at('no.pub'), 'untrusted comment: x\nhello\n')
    expect((await refusal({ minisign: { publicKeyFile: 'no.pub' } }))?.message).toMatch(
      /holds no minisign public key/,
    )
    expect(await refusal({ minisign: { publicKeyFile: 'gone.pub' } })).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringMatching(/gone\.pub, which verify: names, cannot be read/) as string,
    })
  })
})

test('a key that is exchanged makes the proof again', async () => {
  publish('app-1.1.0.tgz.minisig', ours.signature(content))
  writeFileSync(at('key.pub'), `untrusted comment: ours\n${ours.publicKey}\n`)
  expect(await refusal({ minisign: { publicKeyFile: 'key.pub' } })).toBeNull()
  writeFileSync(at('key.pub'), `untrusted comment: new\n${signer('87654321').publicKey}\n`)
  expect((await refusal({ minisign: { publicKeyFile: 'key.pub' } }))?.message).toMatch(/another key/)
})

test('the formats are read strictly', () => {
  expect(readMinisignKey(ours.publicKey)?.id).toBe('6867666564636261')
  expect(readMinisignKey(`${ours.publicKey.slice(0, -2)}!!`)).toBeNull()
  expect(readMinisignKey('')).toBeNull()
  expect(readMinisignSignature(ours.signature(content))).toMatchObject({
    prehashed: true,
    keyId: '6867666564636261',
  })
  expect(
    readMinisignSignature(ours.signature(content).replace('\ntrusted comment: ', '\ntrusted comment:')),
  ).toBeNull()
})
