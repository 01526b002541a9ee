/**
 * What asking again and again costs the servers of sources, in one process, as something that waits for releases does:
 * one conditional request a poll while nothing happens, and next to nothing while there is trouble. A source over HTTP
 * joins with an entry in the table.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { composeUseCases } from '../../src/wire.js'
import { sourceDrivers } from '../../src/drivers/sources/catalog.js'
import type { Source } from '../../src/model/source.js'
import { failureOf } from '../contract/source.contract.js'
import { answers, startLoopbackServer, type Asked, type Handler } from '../drivers/sources/loopback-server.js'
import { startLoopbackRegistry } from '../drivers/sources/npm/loopback-registry.js'
import { beginBench, calm, type SourceBench } from '../drivers/sources/source-bench.js'
import { startGitHub } from '../support/github-stand-in.js'

/** A source that has one version, and its server. */
interface Place {
  readonly source: Source
  readonly asked: () => readonly Pick<Asked, 'method' | 'status'>[]
  breakWith(handler: Handler | null): void
  publishAnother(): void
  end(): Promise<void>
}

let bench: SourceBench
const places: { readonly [kind: string]: () => Promise<Place> } = {
  async npm() {
    const registry = await startLoopbackRegistry('app')
    registry.publish('1.0.0', 'one')
    const options = { type: 'npm', package: 'app', registry: registry.url }
    return {
      source: sourceDrivers.npm.create('app', options, bench.ports),
      asked: () => registry.server.asked,
      breakWith: (handler) => registry.server.breakWith(handler),
      publishAnother: () => registry.publish('1.1.0', 'two'),
      end: () => registry.end(),
    }
  },
  async http() {
    const server = await startLoopbackServer()
    const publish = (...versions: readonly string[]) =>
      server.serve('/releases.json', JSON.stringify(versions.map((version) => ({ version, url: version }))))
    publish('1.0.0')
    const options = { type: 'http', index: `${server.origin}/releases.json` }
    return {
      source: sourceDrivers.http.create('app', options, bench.ports),
      asked: () => server.asked,
      breakWith: (handler) => server.breakWith(handler),
      publishAnother: () => publish('1.0.0', '1.1.0'),
      end: () => server.end(),
    }
  },
  async github() {
    const github = await startGitHub()
    const publish = (version: string) =>
      github.publish(`v${version}`, { assets: { [`app_${version}.tgz`]: version } })
    publish('1.0.0')
    const options = {
      type: 'github',
      repository: 'acme/app',
      asset: 'app_{version}.tgz',
      baseUrl: github.apiUrl,
    }
    return {
      source: sourceDrivers.github.create('app', options, bench.ports),
      asked: () => github.asked.map(({ status }) => ({ method: 'GET', status })),
      breakWith: (handler) => github.breakWith(handler),
      publishAnother: () => publish('1.1.0'),
      end: () => github.end(),
    }
  },
}

const intervalMs = 10_000
const versionsOf = async (source: Source) =>
  (await source.versions(calm)).map(({ version }) => version).sort()

describe.each(Object.keys(places))('polling %s', (kind) => {
  let place: Place
  beforeEach(async () => {
    bench = await beginBench()
    place = await places[kind]!()
    await versionsOf(place.source)
  })
  afterEach(async () => {
    await place.end()
    await bench.end()
  })

  /** Requests since then, as the server saw them. */
  const counting = () => {
    const before = place.asked().length
    return () => place.asked().slice(before)
  }

  test('100 times while nothing happens is 100 conditional or HEAD requests and nothing else', async () => {
    const since = counting()
    for (let poll = 0; poll < 100; poll++) {
      bench.pass(intervalMs)
      expect(await versionsOf(place.source)).toEqual(['1.0.0'])
    }
    expect(since()).toHaveLength(100)
    expect(since().every(({ method, status }) => status === 304 || method === 'HEAD')).toBe(true)
  })

  test('sees a new release at the next poll', async () => {
    place.publishAnother()
    expect(await versionsOf(place.source)).toEqual(['1.0.0', '1.1.0'])
  })

  test.each([
    ['answers with 503', answers.status(503)],
    ['cuts every connection', answers.cut],
    ['answers with 429', answers.status(429)],
  ])('every ten seconds for five minutes in which it %s makes at most eight requests', async (_, handler) => {
    const since = counting()
    place.breakWith(handler)
    for (let ms = 0; ms < 300_000; ms += intervalMs) {
      expect((await failureOf(place.source.versions(calm))).code).toMatch(
        /^SOURCE_(UNREACHABLE|RATE_LIMITED)$/,
      )
      bench.pass(intervalMs)
    }
    expect(since().length).toBeLessThanOrEqual(8)
    place.breakWith(null)
    // it is back at the latest when it has been left alone as long as it was away
    bench.pass(300_000)
    const after = counting()
    expect(await versionsOf(place.source)).toEqual(['1.0.0'])
    bench.pass(intervalMs)
    await versionsOf(place.source)
    expect(after()).toHaveLength(2)
  })

  test('waits as long as it is told to', async () => {
    const since = counting()
    place.breakWith(answers.status(429, 'slow down', { 'retry-after': '130' }))
    for (let ms = 0; ms < 130_000; ms += intervalMs) {
      await failureOf(place.source.versions(calm))
      bench.pass(intervalMs)
    }
    expect(since()).toHaveLength(1)
    place.breakWith(null)
    expect(await versionsOf(place.source)).toEqual(['1.0.0'])
  })
})

test('plans made one after another in one process ask on from where they were', async () => {
  const registry = await startLoopbackRegistry('app')
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-polls-'))
  try {
    registry.publish('1.0.0', 'one')
    const file = join(folder, 'deploy.yaml')
    await writeFile(
      file,
      `version: 1
project: shop
sources: { app: { type: npm, package: app, registry: "${registry.url}" } }
services: { app: { source: app, target: { type: directory, path: app } } }
`,
    )
    const options = { file, shown: 'deploy.yaml', environment: null, env: { XDG_CACHE_HOME: folder } }
    const { useCases } = await composeUseCases({ ...options, warn: () => undefined })
    for (let plan = 0; plan < 3; plan++) await useCases.planRelease({ services: [] }, calm)
    expect(registry.server.asked.map(({ status }) => status)).toEqual([200, 304, 304])
  } finally {
    await registry.end()
    await rm(folder, { recursive: true, force: true })
  }
})
