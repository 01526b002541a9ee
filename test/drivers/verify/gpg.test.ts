/** Proof by OpenPGP signatures: real keys and signatures of gpg, checked by the real gpgv. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { readGpgvStatus } from '../../../src/drivers/verify/gpgv-status.js'
import { dearmored } from '../../../src/drivers/verify/openpgp-armor.js'
import { describeWith } from '../../support/needs.js'
import { proofBench } from './proof-bench.js'

const bench = await proofBench()
const { publish, refusal, at } = bench

describeWith('signing-tools', 'with real keys', () => {
  const release = 'releases/app-1.1.0.tgz'
  const gpg = { keyring: 'keyring.gpg' }
  let homes = 0
  beforeEach(() => {
    rmSync(at('releases'), { recursive: true, force: true })
    bench.forget()
    publish('app-1.1.0.tgz', 'the release')
  })

  /** Somebody with a key; `when` is the time of their computer, as faketime of gpg: `20250101T000000`. */
  function person(): {
    readonly gpg: (args: readonly string[], input?: string) => string
    readonly sign: (args?: readonly string[], file?: string) => void
    readonly export: (file: string, args?: readonly string[]) => void
  } {
    const home = at(`home-${homes++}`)
    mkdirSync(home, { mode: 0o700 })
    const run = (args: readonly string[], input = ''): string =>
      bench.run(
        'gpg',
        [
          '--homedir',
          home,
          '--batch',
          '--yes',
          '--quiet',
          '--passphrase',
          '',
          '--pinentry-mode',
          'loopback',
          ...args,
        ],
        input,
      )
    return {
      gpg: run,
      sign: (args = [], file = release) =>
        void run([...args, '--armor', '--detach-sign', '--output', at(`${file}.asc`), at(file)]),
      export: (file, args = []) => void run([...args, '--output', at(file), '--export']),
    }
  }
  function ann(): ReturnType<typeof person> {
    const one = person()
    one.gpg(['--quick-generate-key', 'Ann <ann@example.com>', 'ed25519', 'sign', 'never'])
    return one
  }

  test('a good one is proven: armored or not, under any of the usual names, from a keyring in either form', async () => {
    const one = ann()
    one.export('keyring.gpg')
    one.export('keyring.asc', ['--armor'])
    one.sign()
    expect(await refusal({ gpg })).toBeNull()
    expect(await refusal({ gpg: { keyring: 'keyring.asc' } })).toBeNull()
    renameSync(at(`${release}.asc`), at('releases/signed-1.1.0'))
    expect(await refusal({ gpg: { ...gpg, signature: 'signed-{version}' } })).toBeNull()
    bench.forget()
    one.gpg(['--detach-sign', '--output', at(`${release}.sig`), at(release)])
    expect(await refusal({ gpg })).toBeNull()
  })

  test('a list of checksums with its own', async () => {
    const one = ann()
    one.export('keyring.gpg')
    publish('SUMS', bench.run('sh', ['-c', 'cd releases && sha256sum app-1.1.0.tgz']))
    one.sign([], 'releases/SUMS')
    const checksums = { file: 'SUMS', gpg }
    expect(await refusal({ checksums })).toBeNull()
    bench.forget()
    publish('SUMS', `${bench.read('releases/SUMS').toString()}\n`)
    expect((await refusal({ checksums }))?.code).toBe('ARTIFACT_CORRUPT')
    rmSync(at('releases/SUMS.asc'))
    expect((await refusal({ checksums }))?.message).toMatch(/no SUMS\.asc and no SUMS\.sig and no SUMS\.gpg/)
  })

  test('a changed release, a stranger, a missing signature, something that is none', async () => {
    const [one, other] = [ann(), ann()]
    one.export('keyring.gpg')
    other.sign()
    expect(await refusal({ gpg })).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringMatching(
        /was made with the key [0-9A-F]{16}, which is not in keyring\.gpg/,
      ) as string,
      hint: expect.stringContaining('make sure of it') as string,
    })
    one.sign()
    publish('app-1.1.0.tgz', 'another')
    expect(await refusal({ gpg })).toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringContaining('it does not fit app-1.1.0.tgz.asc') as string,
    })
    publish('app-1.1.0.tgz.asc', 'hello')
    expect((await refusal({ gpg }))?.message).toMatch(/is no detached OpenPGP signature/)
    publish('app-1.1.0.tgz.asc', '')
    expect((await refusal({ gpg }))?.message).toMatch(/is no detached OpenPGP signature/)
    rmSync(at(`${release}.asc`))
    expect((await refusal({ gpg }))?.message).toMatch(/there is no app-1\.1\.0\.tgz\.asc/)
    expect(await refusal({ gpg, required: false })).toBeNull()
    expect((await refusal({ gpg: { keyring: 'gone.gpg' } }))?.message).toMatch(
      /gone\.gpg, which verify: names, cannot be read/,
    )
    one.sign()
    writeFileSync(at('no-keyring'), 'hello')
    expect((await refusal({ gpg: { keyring: 'no-keyring' } }))?.code).toBe('ARTIFACT_UNPROVEN')
  })

  test('a message that carries its own text says nothing of the release', async () => {
    const one = ann()
    one.export('keyring.gpg')
    writeFileSync(at('other'), 'quite another text')
    for (const how of ['--clear-sign', '--sign']) {
      one.gpg(['--armor', how, '--output', at(`${release}.asc`), at('other')])
      expect((await refusal({ gpg }))?.code, how).toBe('ARTIFACT_UNPROVEN')
      one.gpg(['--armor', how, '--output', at(`${release}.asc`), at(release)])
      expect((await refusal({ gpg }))?.code, how).toBe('ARTIFACT_UNPROVEN')
    }
  })

  test('a key that was revoked', async () => {
    const one = ann()
    one.sign()
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(one.gpg(['--with-colons', '--list-keys']))?.[1] ?? ''
    const certificate = bench
      .read(`home-${homes - 1}/openpgp-revocs.d/${fingerprint}.rev`)
      .toString()
      .replace(/^:-----BEGIN/m, '-----BEGIN')
    one.gpg(['--import'], certificate)
    one.export('keyring.gpg')
    expect(await refusal({ gpg })).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringContaining('has been revoked') as string,
    })
  })

  test('a key that has expired, and a signature that has', async () => {
    const one = person()
    const past = ['--faked-system-time', '20200101T000000']
    one.gpg([...past, '--quick-generate-key', 'Bob <bob@example.com>', 'ed25519', 'sign', '30d'])
    one.sign(past)
    one.export('keyring.gpg')
    expect(await refusal({ gpg })).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringMatching(/the key [0-9A-F]{16} that made .* has expired/) as string,
      hint: expect.stringContaining('prolonged') as string,
    })
    const other = person()
    other.gpg([...past, '--quick-generate-key', 'Eve <eve@example.com>', 'ed25519', 'sign', 'never'])
    other.sign([...past, '--default-sig-expire', '1d'])
    other.export('keyring.gpg')
    expect((await refusal({ gpg }))?.message).toMatch(/app-1\.1\.0\.tgz\.asc has expired/)
  })

  test('a hash that can be forged', async () => {
    const one = person()
    one.gpg(['--quick-generate-key', 'Old <old@example.com>', 'rsa2048', 'sign', 'never'])
    one.sign(['--digest-algo', 'SHA1', '--allow-weak-digest-algos'])
    one.export('keyring.gpg')
    expect(await refusal({ gpg })).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringContaining('md5 or sha1') as string,
    })
  })

  test('several signatures: one that is trusted is enough, one that is wrong too much', async () => {
    const [one, other] = [ann(), ann()]
    one.export('keyring.gpg')
    const detached = (who: ReturnType<typeof person>, file: string): Buffer => {
      who.gpg(['--detach-sign', '--output', at('one.sig'), at(file)])
      return bench.read('one.sig')
    }
    publish('app-1.1.0.tgz.sig', Buffer.concat([detached(other, release), detached(one, release)]))
    expect(await refusal({ gpg })).toBeNull()
    bench.forget()
    writeFileSync(at('other'), 'another')
    publish('app-1.1.0.tgz.sig', Buffer.concat([detached(one, release), detached(one, 'other')]))
    expect((await refusal({ gpg }))?.code).toBe('ARTIFACT_CORRUPT')
  })

  test('a machine without gpgv', async () => {
    const one = ann()
    one.export('keyring.gpg')
    one.sign()
    const path = process.env['PATH']
    process.env['PATH'] = at('nowhere')
    try {
      expect(await refusal({ gpg })).toMatchObject({
        code: 'COMMAND_NOT_FOUND',
        hint: expect.stringContaining('apt install gpgv') as string,
      })
    } finally {
      process.env['PATH'] = path
    }
  })
})

test('a status of several signatures is read as a whole', () => {
  const good =
    '[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG AA Ann\n[GNUPG:] VALIDSIG FF 2026-01-01 1 0 4 0 22 8 00 FF\n'
  const weak = '[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG BB Bob\n[GNUPG:] VALIDSIG FF 2026-01-01 1 0 4 0 1 2 00 FF\n'
  const unknown = '[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG CC 22 8 00 1 9 -\n[GNUPG:] NO_PUBKEY CC\n'
  expect(readGpgvStatus(good)).toEqual({ kind: 'good' })
  expect(readGpgvStatus(unknown + good)).toEqual({ kind: 'good' })
  expect(readGpgvStatus(weak + good)).toEqual({ kind: 'good' })
  expect(readGpgvStatus(weak)).toEqual({ kind: 'weakHash', key: 'BB' })
  expect(readGpgvStatus(`${good}[GNUPG:] NEWSIG\n[GNUPG:] BADSIG DD Dan\n`)).toEqual({
    kind: 'bad',
    key: 'DD',
  })
  expect(readGpgvStatus(`${unknown}[GNUPG:] REVKEYSIG EE Eve\n`)).toEqual({ kind: 'revokedKey', key: 'EE' })
  // a signer's name is theirs to choose, and no status
  expect(readGpgvStatus('[GNUPG:] NEWSIG\n[GNUPG:] BADSIG AA GOODSIG\n').kind).toBe('bad')
  expect(readGpgvStatus('')).toEqual({ kind: 'none' })
  expect(readGpgvStatus('[GNUPG:] GOODSIG AA Ann\n')).toEqual({ kind: 'none' })
})

test('armor is taken off, of several blocks too', () => {
  const block = (text: string) =>
    `-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\n${Buffer.from(text).toString('base64')}\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n`
  const kind = 'PGP PUBLIC KEY BLOCK'
  expect(
    dearmored(
      Buffer.from(`text\n${block('one')}\n${block('two').replaceAll('\n', '\r\n')}`),
      kind,
    )?.toString(),
  ).toBe('onetwo')
  expect(dearmored(Buffer.from('none'), kind)).toBeNull()
})
