/** Each source, all the way: a real release is listed, pinned, fetched through the cache, verified and put to serve. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createArtifacts } from '../../../src/drivers/artifacts/artifact-cache.js'
import { sourceDrivers } from '../../../src/drivers/sources/catalog.js'
import { directoryDriver } from '../../../src/drivers/targets/directory.js'
import type { Source } from '../../../src/model/source.js'
import { bestVersion } from '../../support/version-policy.js'
import { startGcsStandIn } from '../../support/gcs-stand-in.js'
import { startS3StandIn } from '../../support/s3-stand-in.js'
import { makeRepository } from './git/repository.js'
import { startLoopbackServer, type LoopbackServer } from './loopback-server.js'
import { startLoopbackRegistry } from './npm/loopback-registry.js'
import { beginBench, calm, type SourceBench } from './source-bench.js'
import { shareOf, testScope } from '../../support/shares.js'

let bench: SourceBench
let server: LoopbackServer
const ending: (() => Promise<void>)[] = []
beforeEach(async () => {
  bench = await beginBench()
  server = await startLoopbackServer()
  ending.push(
    () => server.end(),
    () => bench.end(),
  )
})
afterEach(async () => {
  for (const end of ending.splice(0)) await end()
})

/** A folder with a page and a program, and the same as an archive with a leading folder. */
async function makeRelease(): Promise<{ readonly folder: string; readonly archive: string }> {
  const folder = path.join(bench.folder, 'work', 'package')
  await mkdir(path.join(folder, 'bin'), { recursive: true })
  await writeFile(path.join(folder, 'index.html'), '<h1>1.1.0</h1>')
  await writeFile(path.join(folder, 'bin', 'run'), '#!/bin/sh\n', { mode: 0o755 })
  const archive = path.join(bench.folder, 'work', 'app.tgz')
  execFileSync('tar', ['-czf', archive, '-C', path.dirname(folder), 'package'])
  return { folder, archive }
}

const make: Record<string, () => Promise<Source>> = {
  'directory, a folder': async () => {
    const { folder } = await makeRelease()
    await mkdir(path.join(bench.folder, 'releases'))
    execFileSync('cp', ['-a', folder, path.join(bench.folder, 'releases', 'v1.1.0')])
    return sourceDrivers.directory.create('app', { type: 'directory', path: 'releases' }, bench.ports)
  },
  'directory, an archive': async () => {
    const { archive } = await makeRelease()
    await mkdir(path.join(bench.folder, 'releases'))
    execFileSync('cp', [archive, path.join(bench.folder, 'releases', 'app-1.1.0.tgz')])
    const options = { type: 'directory', path: 'releases', pattern: 'app-{version}' }
    return sourceDrivers.directory.create('app', options, bench.ports)
  },
  npm: async () => {
    const { archive } = await makeRelease()
    const registry = await startLoopbackRegistry('app')
    ending.unshift(() => registry.end())
    registry.publish('1.1.0', await readFile(archive))
    return sourceDrivers.npm.create(
      'app',
      { type: 'npm', package: 'app', registry: registry.url },
      bench.ports,
    )
  },
  'http, with a digest': async () => {
    const bytes = await readFile((await makeRelease()).archive)
    server.serve('/app-1.1.0.tgz', bytes)
    server.serve('/SHA256SUMS', `${createHash('sha256').update(bytes).digest('hex')}  app-1.1.0.tgz\n`)
    const options = { type: 'http', index: `${server.origin}/SHA256SUMS`, pattern: 'app-{version}.tgz' }
    return sourceDrivers.http.create('app', options, bench.ports)
  },
  'http, without one': async () => {
    server.serve('/app-1.1.0.tgz', await readFile((await makeRelease()).archive))
    const options = { type: 'http', versions: ['1.1.0'], url: `${server.origin}/app-{version}.tgz` }
    return sourceDrivers.http.create('app', options, bench.ports)
  },
  s3: async () => {
    const s3 = await startS3StandIn()
    ending.unshift(() => s3.end())
    s3.put('app/v1.1.0/app.tgz', await readFile((await makeRelease()).archive))
    const place = { endpoint: s3.endpoint, bucket: 'releases', prefix: 'app', pattern: '{version}/app.tgz' }
    return sourceDrivers.s3.create('app', { type: 's3', ...place, anonymous: true }, bench.ports)
  },
  gcs: async () => {
    const gcs = await startGcsStandIn()
    ending.unshift(() => gcs.end())
    gcs.put('app/v1.1.0/app.tgz', await readFile((await makeRelease()).archive))
    const place = { endpoint: gcs.endpoint, bucket: 'releases', prefix: 'app', pattern: '{version}/app.tgz' }
    return sourceDrivers.gcs.create('app', { type: 'gcs', ...place }, bench.ports)
  },
  git: async () => {
    const { folder } = await makeRelease()
    const repository = await makeRepository(folder)
    await repository.publish('v1.1.0', 'one')
    return sourceDrivers.git.create('app', { type: 'git', repository: `file://${folder}` }, bench.ports)
  },
}

test.each(Object.keys(make))('%s', async (kind) => {
  const source = await make[kind]!()
  const listings = await source.versions(calm)
  const release = await source.resolve(bestVersion(listings, { version: '^1.0' })!, calm)

  const artifacts = createArtifacts({
    directory: path.join(bench.ports.cacheDirectory, 'artifacts'),
    source: () => source,
    clock: bench.ports.clock,
    pid: process.pid,
  })
  const hasLeadingFolder = release.artifact.kind === 'archive' && release.artifact.strip === undefined
  const target = directoryDriver.create(
    { type: 'directory', path: 'srv', ...(hasLeadingFolder ? { strip: 1 } : {}) },
    testScope,
    bench.ports,
  )
  const name = `${release.version}-${release.digest.slice(-8)}`
  const instance = { service: 'app', host: 'local', name, slot: null, release, specDigest: 'sha256:00' }
  const context = {
    signal: calm,
    deployment: 'd1',
    onProgress: () => undefined,
    onLine: () => undefined,
    onChild: () => Promise.resolve(),
  }
  await target.stage(
    instance,
    () => artifacts.obtain(release, { type: kind }, () => undefined, calm),
    context,
  )
  await target.route(shareOf(null), shareOf(instance), context)
  const serving = path.join(bench.folder, 'srv', 'current')
  expect(await readFile(path.join(serving, 'index.html'), 'utf8')).toBe('<h1>1.1.0</h1>')
  expect((await stat(path.join(serving, 'bin', 'run'))).mode & 0o111).toBe(0o111)
})
