/**
 * What every source must do, whatever it reads from. A test of a source calls this with a world of its own making, in
 * which releases can be published and things can go wrong; what a kind cannot have (a folder on disk never answers
 * garbage) is left out of `troubles`.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DeployError, type ErrorCode } from '../../src/base/deploy-error.js'
import type { Release } from '../../src/model/release.js'
import type { FetchContext, Source } from '../../src/model/source.js'

export interface SourceWorld {
  /** A folder for the test's own files. */
  readonly scratch: string
  /** A new instance, as another process would make it. */
  source(): Source
  /** Publishes a version, or other content under a version that is there. */
  publish(version: string, content: string): Promise<void>
  /** Lets a poll's time pass. */
  later(): void
  /** What a fetched archive must be, byte for byte; for a folder, the content published, in its file `content`. */
  bytesOf(version: string): Promise<Buffer>
  readonly troubles: { readonly [code in ErrorCode]?: () => Promise<void> }
  end(): Promise<void>
}

export const sourceName = 'app'
const calm = new AbortController().signal

export function sourceContract(kind: string, begin: () => Promise<SourceWorld>): void {
  describe(`the contract of sources: ${kind}`, () => {
    let world: SourceWorld
    beforeEach(async () => {
      world = await begin()
    })
    afterEach(() => world.end())

    const listed = async (source: Source): Promise<string[]> =>
      (await source.versions(calm)).map(({ version }) => version).sort()

    describe('versions', () => {
      test('lists every version once, also when asked again and by many at a time', async () => {
        await publishSome(world)
        const source = world.source()
        const expected = ['1.0.0', '1.1.0', '2.0.0-rc.1']
        expect(await listed(source)).toEqual(expected)
        expect(await listed(source)).toEqual(expected)
        expect(await Promise.all([1, 2, 3].map(() => listed(source)))).toEqual([expected, expected, expected])
      })

      test('notices what was published since', async () => {
        await world.publish('1.0.0', 'one')
        const source = world.source()
        expect(await listed(source)).toEqual(['1.0.0'])
        await world.publish('1.1.0', 'two')
        expect(await listed(source)).toEqual(['1.0.0', '1.1.0'])
      })

      test('of an empty place are none, and nobody is found there', async () => {
        expect(await listed(world.source())).toEqual([])
        const error = await failureOf(world.source().resolve('1.0.0', calm))
        expect(error.code).toBe('VERSION_NOT_FOUND')
        expect(error.hint).toMatch(/no versions at all/)
      })
    })

    describe('resolve', () => {
      test('gives the same release again and again, with or without a v, as plain data', async () => {
        await publishSome(world)
        const source = world.source()
        const release = await source.resolve('1.1.0', calm)
        expect(release).toMatchObject({ source: sourceName, version: '1.1.0' })
        expect(release.digest).toMatch(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|sha1:[0-9a-f]{40})$/)
        expect(JSON.parse(JSON.stringify(release))).toEqual(release)
        for (const again of [source, world.source()]) {
          expect(await again.resolve('1.1.0', calm)).toEqual(release)
          expect(await again.resolve('v1.1.0', calm)).toEqual(release)
        }
        world.later()
        expect(await source.resolve('1.1.0', calm)).toEqual(release)
      })

      test('tells releases apart by their digests', async () => {
        await publishSome(world)
        const source = world.source()
        const digests = await Promise.all(
          ['1.0.0', '1.1.0'].map(async (v) => (await source.resolve(v, calm)).digest),
        )
        expect(new Set(digests).size).toBe(2)
      })

      test('gives another digest when other content comes under the same version', async () => {
        await world.publish('1.0.0', 'one')
        const source = world.source()
        const before = await source.resolve('1.0.0', calm)
        world.later()
        await world.publish('1.0.0', 'something else')
        await source.versions(calm)
        const after = await source.resolve('1.0.0', calm)
        expect(after.digest).not.toBe(before.digest)
        expect((await world.source().resolve('1.0.0', calm)).digest).toBe(after.digest)
      })

      test('names what there is when the version is not there', async () => {
        await publishSome(world)
        const error = await failureOf(world.source().resolve('1.0.1', calm))
        expect(error.code).toBe('VERSION_NOT_FOUND')
        expect(error.message).toMatch(/^source "app": .*1\.0\.1/)
        expect(error.details.join()).toContain('v2.0.0-rc.1, v1.1.0, v1.0.0')
        expect(error.hint).toContain('Did you mean "1.0.0"?')
      })
    })

    describe('fetch', () => {
      test('brings exactly what was published', async () => {
        await publishSome(world)
        const release = await world.source().resolve('1.1.0', calm)
        const fetched = await world.source().fetch(release, contextIn(world))
        await expectContent(world, release, fetched)
      })

      test('does not mind what an earlier try left behind', async () => {
        await publishSome(world)
        const release = await world.source().resolve('1.1.0', calm)
        const context = contextIn(world)
        await writeFile(
          context.file,
          'left by something else, and much longer than what is really to come '.repeat(9),
        )
        const fetched = await world.source().fetch(release, context)
        await expectContent(world, release, fetched)
        await expectContent(world, release, await world.source().fetch(release, contextIn(world)))
      })

      test('shows every byte as it comes, where it shows any', async () => {
        await publishSome(world)
        const release = await world.source().resolve('1.1.0', calm)
        let shown = Buffer.alloc(0)
        const onBytes = (bytes: Uint8Array, offset: number) => {
          shown = Buffer.concat([shown.subarray(0, offset), bytes])
        }
        await world.source().fetch(release, { ...contextIn(world), onBytes })
        if (shown.length > 0) expect(shown.equals(await world.bytesOf('1.1.0'))).toBe(true)
      })
    })

    test('cancels at once what is cancelled', async () => {
      await publishSome(world)
      const release = await world.source().resolve('1.0.0', calm)
      const gone = AbortSignal.abort()
      const tries = [
        world.source().versions(gone),
        world.source().resolve('1.0.0', gone),
        world
          .source()
          .fetch(release, { ...contextIn(world), file: path.join(world.scratch, 'other'), signal: gone }),
      ]
      for (const attempt of tries) expect((await failureOf(attempt)).code).toBe('CANCELLED')
    })

    describe('trouble', () => {
      const codes: readonly ErrorCode[] = [
        'SOURCE_NOT_FOUND',
        'SOURCE_DENIED',
        'SOURCE_GARBAGE',
        'SOURCE_RATE_LIMITED',
        'SOURCE_UNREACHABLE',
      ]
      test.each(codes)('%s is told with its source, in a sentence, and with what to do', async (code) => {
        await world.publish('1.0.0', 'one')
        const trouble = world.troubles[code]
        if (trouble === undefined) return
        await trouble()
        for (const attempt of [
          () => world.source().versions(calm),
          () => world.source().resolve('1.0.0', calm),
        ]) {
          const error = await failureOf(attempt())
          expect([error.code, error.message]).toEqual([code, error.message])
          expect(error.message).toMatch(/^source "app": .{10}/)
          expect(error.message).not.toMatch(/\n|undefined|\[object|at .*:\d+:\d+/)
          expect(error.hint ?? '').toMatch(/.{10}/)
        }
      })
    })
  })
}

async function publishSome(world: SourceWorld): Promise<void> {
  await world.publish('1.0.0', 'one')
  await world.publish('2.0.0-rc.1', 'candidate')
  await world.publish('1.1.0', 'one and a bit')
}

function contextIn(world: SourceWorld): FetchContext {
  return { file: path.join(world.scratch, 'fetched'), onProgress: () => undefined, signal: calm }
}

async function expectContent(
  world: SourceWorld,
  release: Release,
  fetched: Awaited<ReturnType<Source['fetch']>>,
): Promise<void> {
  expect(fetched.kind).toBe(release.artifact.kind)
  expect(fetched.name).toBe(release.artifact.name)
  expect(path.isAbsolute(fetched.path)).toBe(true)
  const expected = await world.bytesOf(release.version)
  if (fetched.kind === 'folder') {
    expect(await readFile(path.join(fetched.path, 'content'), 'utf8')).toBe(expected.toString('utf8'))
    return
  }
  const bytes = await readFile(fetched.path)
  expect(bytes.equals(expected)).toBe(true)
  const [algorithm = '', hex] = release.digest.split(':')
  expect(createHash(algorithm).update(bytes).digest('hex')).toBe(hex)
  if (release.artifact.size !== undefined) expect(bytes.length).toBe(release.artifact.size)
}

/** The DeployError of an attempt that must fail. */
export async function failureOf(attempt: Promise<unknown>): Promise<DeployError> {
  const error: unknown = await attempt.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof DeployError) return error
  throw error
}
