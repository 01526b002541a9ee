/** The s3 source against a real server: Ceph, which checks signatures, keeps versions and knows ranges. */
import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import {
  CreateBucketCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutBucketAclCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../../../src/base/hash.js'
import { createArtifacts } from '../../../../src/drivers/artifacts/artifact-cache.js'
import { s3Source } from '../../../../src/drivers/sources/s3/s3-source.js'
import { withVariable } from '../../../../src/drivers/system/with-variable.js'
import type { Release } from '../../../../src/model/release.js'
import type { Source } from '../../../../src/model/source.js'
import { failureOf, sourceContract, type SourceWorld } from '../../../contract/source.contract.js'
import { addressOf, describeWith } from '../../../support/needs.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'

interface Ceph {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}
const ceph = () => JSON.parse(addressOf('ceph-rgw')) as Ceph // as test/services/ceph-rgw.mjs writes it

/** A bucket of its own for each test, and somebody who may write to it. */
async function makeBucket({ versioned = false } = {}) {
  const { endpoint, ...credentials } = ceph()
  const client = withVariable(
    'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED',
    'true',
    () =>
      new S3Client({
        endpoint,
        credentials,
        region: 'us-east-1',
        forcePathStyle: true,
        requestChecksumCalculation: 'WHEN_REQUIRED',
      }),
  )
  const Bucket = `test-${randomBytes(8).toString('hex')}`
  await client.send(new CreateBucketCommand({ Bucket }))
  const versions = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })
  if (versioned) await client.send(versions)
  return {
    client,
    Bucket,
    put: async (Key: string, Body: string | Buffer, more: object = {}) => {
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
    },
    options: { type: 's3', ...ceph(), bucket: Bucket, prefix: 'shop/', pattern: 'app-{version}.tgz' },
  }
}

describeWith('ceph-rgw', 's3 of Ceph', () => {
  for (const versioned of [false, true]) {
    sourceContract(`s3, Ceph ${versioned ? 'with' : 'without'} versions`, async (): Promise<SourceWorld> => {
      const bench = await beginBench()
      const { client, put, options } = await makeBucket({ versioned })
      const contents = new Map<string, string>()
      let changed = {}
      const change = (to: object) => async () => {
        changed = to
      }
      return {
        scratch: bench.folder,
        source: () => s3Source.create('app', { ...options, ...changed }, bench.ports),
        publish: async (version, content) => {
          contents.set(version, content)
          await put(`shop/app-${version}.tgz`, content)
        },
        later: () => bench.pass(60_000),
        bytesOf: async (version) => Buffer.from(contents.get(version) ?? ''),
        troubles: {
          SOURCE_NOT_FOUND: change({ bucket: 'there-is-no-such-bucket' }),
          SOURCE_DENIED: change({ secretAccessKey: 'another' }),
          SOURCE_UNREACHABLE: change({ endpoint: 'http://127.0.0.1:9' }),
        },
        end: async () => {
          client.destroy()
          await bench.end()
        },
      }
    })
  }

  let bench: SourceBench
  beforeEach(async () => {
    bench = await beginBench()
  })
  afterEach(() => bench.end())

  const create = (options: object) => s3Source.create('app', { type: 's3', ...options }, bench.ports)
  const fetched = async (source: Source, release: Release) => {
    const artifacts = createArtifacts({
      directory: path.join(bench.ports.cacheDirectory, 'artifacts'),
      source: () => source,
      clock: bench.ports.clock,
      pid: process.pid,
    })
    const { path: file } = await artifacts.obtain(release, { type: 's3' }, () => undefined, calm)
    return file
  }

  test('each kind of no is told by its name', async () => {
    const { options } = await makeBucket()
    const messages = async (changed: object) => {
      const { code, message } = await failureOf(create({ ...options, ...changed }).versions(calm))
      return `${code} ${message}`
    }
    expect(await messages({ accessKeyId: 'nobody' })).toMatch(/SOURCE_DENIED .* does not know the access key/)
    expect(await messages({ secretAccessKey: 'x' })).toMatch(
      /SOURCE_DENIED .* secret access key is another one/,
    )
    expect(await messages({ bucket: 'nothing-here' })).toMatch(
      /SOURCE_NOT_FOUND .* has no bucket nothing-here/,
    )
    const anonymous = { accessKeyId: undefined, secretAccessKey: undefined, anonymous: true }
    expect(await messages(anonymous)).toMatch(/SOURCE_DENIED .* may not be read/)
  })

  test('a public bucket is read without a login', async () => {
    const { client, Bucket, put, options } = await makeBucket()
    await client.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }))
    await put('shop/app-1.0.0.tgz', 'one', { ACL: 'public-read' })
    const source = create({
      ...options,
      accessKeyId: undefined,
      secretAccessKey: undefined,
      anonymous: true,
    })
    const release = await source.resolve('1.0.0', calm)
    expect(await readFile(await fetched(source, release), 'utf8')).toBe('one')
  })

  test('an earlier content is fetched by its version id, and by another process', async () => {
    const { put, options } = await makeBucket({ versioned: true })
    await put('shop/app-1.0.0.tgz', 'one')
    const before = await create(options).resolve('1.0.0', calm)
    await put('shop/app-1.0.0.tgz', 'two')
    const after = await create(options).resolve('1.0.0', calm)
    expect(before.artifact.location).toMatch(/\?edition=./)
    expect(after.digest).not.toBe(before.digest)
    await bench.end()
    bench = await beginBench()
    expect(await readFile(await fetched(create(options), before), 'utf8')).toBe('one')
    expect(await readFile(await fetched(create(options), after), 'utf8')).toBe('two')
    // what a host is told, which has no login
    const address = (await create(options).address?.(before, calm)) ?? ''
    expect(await (await fetch(address)).text()).toBe('one')
  })

  test("keys with anything in them, folders' own keys and many pages", async () => {
    const { put, options } = await makeBucket()
    const strange = "a b+c'(é)%2F&=?#!*~"
    await put(`${strange}/app-1.0.0.tgz`, 'one')
    await put(`${strange}/`, '', { ContentLength: 0 })
    await put(`${strange}/app-1.0.0.tgz.sig`, 'signature')
    const source = create({ ...options, prefix: strange })
    const release = await source.resolve('1.0.0', calm)
    expect(await readFile(await fetched(source, release), 'utf8')).toBe('one')
    const companion = await source.companion!(release, 'app-{version}.tgz.sig', calm)
    expect(Buffer.from(companion!).toString()).toBe('signature')
    const many = Array.from({ length: 1100 }, (_, minor) => `shop/app-1.${minor}.0.tgz`)
    for (let from = 0; from < many.length; from += 100)
      await Promise.all(many.slice(from, from + 100).map((key) => put(key, 'x')))
    expect(await create(options).versions(calm)).toHaveLength(1100)
  })

  test('what was uploaded in parts comes whole, and goes on where it was cut', async () => {
    const { client, Bucket, options } = await makeBucket()
    const Key = 'shop/app-2.0.0.tgz'
    const bytes = randomBytes(11 * 2 ** 20)
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const Parts = []
    for (const [index, Body] of [bytes.subarray(0, 6 * 2 ** 20), bytes.subarray(6 * 2 ** 20)].entries()) {
      const PartNumber = index + 1
      const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))
      Parts.push({ PartNumber, ETag })
    }
    const whole = { Bucket, Key, UploadId, MultipartUpload: { Parts } }
    await client.send(new CompleteMultipartUploadCommand(whole))
    const source = create(options)
    const release = await source.resolve('2.0.0', calm)
    expect(release.digest).toBe(sha256(bytes))

    await bench.end()
    bench = await beginBench()
    const file = path.join(bench.folder, 'fetched')
    const halfway = new AbortController()
    const context = { file, onProgress: () => undefined, signal: halfway.signal }
    const onBytes = (_bytes: Uint8Array, offset: number) => {
      if (offset > 2 ** 20) halfway.abort()
    }
    expect((await failureOf(create(options).fetch(release, { ...context, onBytes }))).code).toBe('CANCELLED')
    const { size } = await stat(file)
    expect(size).toBeGreaterThan(0)
    let first = -1
    await create(options).fetch(release, {
      ...context,
      signal: calm,
      onBytes: (_bytes, offset) => {
        first = first === -1 ? offset : first
      },
    })
    expect(first).toBe(size)
    expect((await readFile(file)).equals(bytes)).toBe(true)
  })
})
