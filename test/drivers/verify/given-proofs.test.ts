/** Proof by digests in deploy.yaml and by lists of checksums, with lists made by the real tools where they are. */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { linesFor, readChecksumLine } from '../../../src/drivers/artifacts/checksum-lines.js'
import { refuseUnprovable } from '../../../src/drivers/verify/refuse-unprovable.js'
import type { Source } from '../../../src/model/source.js'
import { testWith } from '../../support/needs.js'
import { never, proofBench } from './proof-bench.js'

const bench = await proofBench()
const { publish, refusal, run, at } = bench
const content = 'the release'
const hex = (algorithm: string, text = content): string => createHash(algorithm).update(text).digest('hex')
const [sha256, sha512] = [hex('sha256'), hex('sha512')]

beforeEach(() => {
  rmSync(at('releases'), { recursive: true, force: true })
  bench.forget()
  publish('app-1.1.0.tgz', content)
})

describe('a digest in deploy.yaml', () => {
  test('proves the release it is of, by either algorithm, with a v or without', async () => {
    expect(await refusal({ digest: { '1.1.0': `sha256:${sha256}` } })).toBeNull()
    expect(await refusal({ digest: { 'v1.1.0': `sha512:${sha512}` } })).toBeNull()
  })

  test('another one is refused, with both', async () => {
    expect(await refusal({ digest: { '1.1.0': `sha256:${hex('sha256', 'x')}` } })).toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringContaining('app-1.1.0.tgz of app v1.1.0') as string,
      details: [`expected sha256:${hex('sha256', 'x')}`, `got      sha256:${sha256}`],
    })
    expect((await refusal({ digest: { '1.1.0': `sha512:${'0'.repeat(128)}` } }))?.code).toBe(
      'ARTIFACT_CORRUPT',
    )
  })

  test('a version without one is refused and says what to write, or passed over where none is required', async () => {
    const digest = { '1.0.0': `sha256:${sha256}` }
    expect(await refusal({ digest })).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringContaining('has no line for version 1.1.0') as string,
      hint: expect.stringContaining(`"1.1.0": sha256:${sha256}`) as string,
    })
    expect(await refusal({ digest, required: false })).toBeNull()
  })

  test('the sha1 of an archive proves nothing', async () => {
    expect(await refusal({ digest: { '1.1.0': `sha1:${hex('sha1')}` } })).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringContaining('sha1') as string,
    })
  })

  test('a folder is proven by its own, and by nothing beside it', async () => {
    publish('app-2.0.0.tgz/bin/app', 'x')
    const wrong = await refusal({ digest: { '2.0.0': `sha256:${sha256}` } }, '2.0.0')
    expect(wrong?.code).toBe('ARTIFACT_CORRUPT')
    const own = wrong?.details[1]?.replace('got      ', '') ?? ''
    expect(await refusal({ digest: { '2.0.0': own } }, '2.0.0')).toBeNull()
    expect(await refusal({ checksums: 'SHA256SUMS' }, '2.0.0')).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringContaining('is a folder') as string,
    })
  })
})

describe('a list of checksums', () => {
  const listed = (list: string) => {
    bench.forget()
    publish('SUMS', list)
    return refusal({ checksums: 'SUMS' })
  }

  testWith('signing-tools')('as sha256sum, sha512sum, shasum --tag and cksum write it', async () => {
    const lists = [
      ['sha256sum', 'app-1.1.0.tgz'],
      ['sha256sum', '-b', 'app-1.1.0.tgz'],
      ['sha512sum', 'app-1.1.0.tgz'],
      ['sha256sum', '--tag', 'app-1.1.0.tgz'],
      ['shasum', '-a', '256', '--tag', './app-1.1.0.tgz'],
      ['shasum', '-a', '512', 'app-1.1.0.tgz'],
      ['cksum', '-a', 'sha256', '--tag', 'app-1.1.0.tgz'],
    ].map((words) => run('sh', ['-c', `cd releases && ${words.join(' ')}`]))
    for (const list of lists) expect(await listed(list), list).toBeNull()
    for (const list of lists)
      expect((await listed(list.replace(/[0-9a-f]{6}/, '012345')))?.code).toBe('ARTIFACT_CORRUPT')
  })

  test('the digits alone, many lines, folders, other endings of lines', async () => {
    for (const list of [
      sha256,
      `${sha256}  dist/app-1.1.0.tgz\r\n${hex('sha256', 'x')}  other.tgz\r\n`,
      `# comment\n\nSHA256 (app-1.1.0.tgz) = ${sha256.toUpperCase()}\nSHA512 (app-1.1.0.tgz) = ${sha512}\n`,
      `${hex('md5')}  app-1.1.0.tgz\n${sha256}  app-1.1.0.tgz\n`,
    ])
      expect(await listed(list), list).toBeNull()
  })

  test.each([
    [
      'another content',
      `${hex('sha256', 'x')}  app-1.1.0.tgz`,
      'ARTIFACT_CORRUPT',
      /has another sha256/,
      /Ask its publisher/,
    ],
    [
      'one right and one wrong algorithm',
      `${sha256}  app-1.1.0.tgz\n${hex('sha512', 'x')}  app-1.1.0.tgz`,
      'ARTIFACT_CORRUPT',
      /another sha512/,
      /Ask/,
    ],
    [
      'the list of another version',
      `${sha256}  app-1.0.0.tgz`,
      'ARTIFACT_UNPROVEN',
      /has no line for app-1\.1\.0\.tgz/,
      /another version/,
    ],
    [
      'other files of this version',
      `${sha256}  lib-1.1.0.tgz`,
      'ARTIFACT_UNPROVEN',
      /has no line/,
      /^Look at what the publisher put into it\. With/,
    ],
    ['sha1 alone', `${hex('sha1')}  app-1.1.0.tgz`, 'ARTIFACT_UNPROVEN', /has only sha1/, /list sha256/],
    [
      'md5 and sha1 alone',
      `MD5 (app-1.1.0.tgz) = ${hex('md5')}\nSHA1 (app-1.1.0.tgz) = ${hex('sha1')}`,
      'ARTIFACT_UNPROVEN',
      /only md5 and sha1/,
      /list sha256/,
    ],
    [
      'an algorithm that is not known',
      `BLAKE2b (app-1.1.0.tgz) = ${sha512}`,
      'ARTIFACT_UNPROVEN',
      /only blake2b/,
      /list sha256/,
    ],
    [
      'two answers',
      `${sha256}  app-1.1.0.tgz\n${hex('sha256', 'x')}  app-1.1.0.tgz`,
      'ARTIFACT_UNPROVEN',
      /two different sha256/,
      /Ask its publisher/,
    ],
    ['a web page', '<html>login</html>', 'ARTIFACT_UNPROVEN', /no line that sha256sum/, /Check the name/],
    ['nothing', '', 'ARTIFACT_UNPROVEN', /no line that sha256sum/, /Check the name/],
  ] as const)('refused: %s', async (_, list, code, message, hint) => {
    const error = await listed(list)
    expect(error).toMatchObject({ code })
    expect(error?.message).toMatch(message)
    expect(error?.hint).toMatch(hint)
  })

  test('one that is not there is refused, with its name filled in', async () => {
    expect(await refusal({ checksums: 'SUMS-{version}' })).toMatchObject({
      code: 'ARTIFACT_UNPROVEN',
      message: expect.stringContaining('there is no SUMS-1.1.0 beside it') as string,
      hint: expect.stringContaining('required: false') as string,
    })
    expect(await refusal({ checksums: 'SUMS-{version}', required: false })).toBeNull()
    publish('SUMS-1.1.0', `${hex('sha256', 'x')}  app-1.1.0.tgz`)
    expect((await refusal({ checksums: 'SUMS-{version}', required: false }))?.code).toBe('ARTIFACT_CORRUPT')
  })

  test('names with what the tools escape, and any name at all', () => {
    expect(readChecksumLine(`\\${sha256}  a\\\\b\\nc`)).toEqual({
      algorithm: 'sha256',
      hex: sha256,
      file: 'a\\b\nc',
    })
    const name = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((one) => !/[\r\n\\/]/.test(one) && one.trim() === one)
    fc.assert(
      fc.property(name, (file) => {
        for (const line of [`${sha256}  ${file}`, `${sha256} *${file}`, `SHA256 (${file}) = ${sha256}`]) {
          if (file.startsWith('*')) continue
          expect(linesFor(line, file)).toEqual([{ algorithm: 'sha256', hex: sha256, file }])
        }
      }),
    )
  })
})

describe('what is asked for and cannot be', () => {
  const without: Source = {
    versions: async () => [],
    resolve: () => Promise.reject(new Error('not asked for')),
    fetch: () => Promise.reject(new Error('not asked for')),
  }
  const spec = (verify: object) => ({ type: 'git', verify: JSON.parse(JSON.stringify(verify)) as never })

  test('is refused when the source is made', () => {
    expect(() => refuseUnprovable(spec({ gpg: { keyring: 'x' } }), without)).toThrow(
      /nothing lies beside the releases of a source of type git/,
    )
    expect(() => refuseUnprovable(spec({ required: true }), without)).toThrow(/names no proof/)
    refuseUnprovable(spec({ digest: { '1.0.0': `sha1:${hex('sha1')}` } }), without)
    refuseUnprovable(spec({ checksums: 'SUMS' }), { ...without, companion: async () => null })
    refuseUnprovable({ type: 'git' }, without)
  })

  test('the commit of a checkout is its digest', async () => {
    const { createVerifier } = await import('../../../src/drivers/verify/artifact-verifier.js')
    const artifact = { kind: 'folder', name: 'app-1.0.0', location: 'v1.0.0' } as const
    const release = { source: 'app', version: '1.0.0', digest: `sha1:${hex('sha1')}`, artifact }
    const prove = (digest: string) =>
      createVerifier(bench.ports).prove({
        release,
        spec: spec({ digest: { '1.0.0': digest } }),
        source: without,
        file: null,
        signal: never,
      })
    await prove(`sha1:${hex('sha1')}`)
    await expect(prove(`sha1:${hex('sha1', 'x')}`)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' })
    await expect(prove(`sha256:${sha256}`)).rejects.toMatchObject({ code: 'ARTIFACT_UNPROVEN' })
  })
})

describe('a proof', () => {
  test('can be cancelled', async () => {
    const { createVerifier } = await import('../../../src/drivers/verify/artifact-verifier.js')
    const cancel = new AbortController()
    cancel.abort()
    const artifact = { kind: 'archive', name: 'app-1.1.0.tgz', location: '' } as const
    const release = { source: 'app', version: '1.1.0', digest: `sha256:${sha256}`, artifact }
    const file = at('releases/app-1.1.0.tgz')
    const verify = { digest: { '1.1.0': `sha512:${sha512}` } }
    const request = {
      release,
      spec: { type: 'git', verify },
      source: {} as Source,
      file,
      signal: cancel.signal,
    }
    await expect(createVerifier(bench.ports).prove(request)).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('is made once, and again when anything it rests on has changed', async () => {
    publish('SUMS', sha256)
    expect(await refusal({ checksums: 'SUMS' })).toBeNull()
    expect(bench.labels()).toContain('proving')
    rmSync(at('releases/SUMS'))
    expect(await refusal({ checksums: 'SUMS' })).toBeNull()
    expect(bench.labels()).not.toContain('proving')
    expect((await refusal({ checksums: 'SUMS', required: true }))?.code).toBe('ARTIFACT_UNPROVEN')
    expect((await refusal({ checksums: 'OTHER' }))?.code).toBe('ARTIFACT_UNPROVEN')
  })

  test('of several, all are asked for', async () => {
    publish('SUMS', sha256)
    const digest = { '1.1.0': `sha256:${hex('sha256', 'x')}` }
    expect((await refusal({ checksums: 'SUMS', digest }))?.code).toBe('ARTIFACT_CORRUPT')
    expect((await refusal({ checksums: 'NONE', digest: { '1.1.0': `sha256:${sha256}` } }))?.code).toBe(
      'ARTIFACT_UNPROVEN',
    )
    expect((await refusal({ checksums: 'NONE', digest, required: false }))?.code).toBe('ARTIFACT_CORRUPT')
  })
})
