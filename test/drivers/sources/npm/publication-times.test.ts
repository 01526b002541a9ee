/** Times of publication are in the long form of a package document only: it is asked for when they are needed. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { npmSource } from '../../../../src/drivers/sources/npm/npm-source.js'
import { answers, startLoopbackServer, type LoopbackServer } from '../loopback-server.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'

let bench: SourceBench
let server: LoopbackServer
beforeEach(async () => {
  bench = await beginBench()
  server = await startLoopbackServer()
  const integrity = `sha512-${Buffer.alloc(64).toString('base64')}`
  const dist = { tarball: `${server.origin}/app.tgz`, integrity }
  const versions = { '1.0.0': { dist }, '1.1.0': { dist } }
  const time = { '1.0.0': '2026-01-01T00:00:00.000Z', '1.1.0': '2026-02-01T00:00:00.000Z' }
  server.serve('/app', (request, response) => {
    const isShort = request.headers.accept?.includes('install-v1') === true
    const etag = isShort ? '"short"' : '"long"'
    if (request.headers['if-none-match'] === etag) return answers.status(304)(request, response)
    response.writeHead(200, { etag }).end(JSON.stringify({ versions, ...(isShort ? {} : { time }) }))
  })
})
afterEach(async () => {
  await server.end()
  await bench.end()
})

const source = () =>
  npmSource.create('app', { type: 'npm', package: 'app', registry: `${server.origin}/` }, bench.ports)

test('without a need for them, the short form is read', async () => {
  expect(await source().versions(calm)).toEqual([{ version: '1.0.0' }, { version: '1.1.0' }])
  expect(server.asked[0]?.headers.accept).toContain('application/vnd.npm.install-v1+json')
})

test('with a need for them, versions and releases have them, and polls are conditional', async () => {
  const one = source()
  const listed = [
    { version: '1.0.0', publishedAt: '2026-01-01T00:00:00.000Z' },
    { version: '1.1.0', publishedAt: '2026-02-01T00:00:00.000Z' },
  ]
  expect(await one.versions(calm, { publishedAt: true })).toEqual(listed)
  expect(await one.resolve('1.1.0', calm)).toMatchObject({ publishedAt: '2026-02-01T00:00:00.000Z' })
  bench.pass(10_000)
  expect(await one.versions(calm, { publishedAt: true })).toEqual(listed)
  expect(server.asked.map(({ status }) => status)).toEqual([200, 304])
})
