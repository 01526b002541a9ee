/** What can go wrong between the source and GitHub: each failure in words, with advice. And that it goes well, all the way. */
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../../../src/base/deploy-error.js'
import { createArtifacts } from '../../../../src/drivers/artifacts/artifact-cache.js'
import { githubSource } from '../../../../src/drivers/sources/github/github-source.js'
import { directoryDriver } from '../../../../src/drivers/targets/directory.js'
import { freePort } from '../../../contract/loopback.js'
import { failureOf } from '../../../contract/source.contract.js'
import { limits, startGitHub, type GitHubStandIn } from '../../../support/github-stand-in.js'
import { answers, type Handler } from '../loopback-server.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'
import { shareOf, testScope } from '../../../support/shares.js'

let bench: SourceBench
let github: GitHubStandIn
beforeEach(async () => {
  bench = await beginBench()
  github = await startGitHub()
})
afterEach(async () => {
  await github.end()
  await bench.end()
})
const source = (baseUrl = github.apiUrl) =>
  githubSource.create(
    'app',
    { type: 'github', repository: 'acme/app', asset: 'app_{version}.tgz', baseUrl },
    bench.ports,
  )

const content = 'x'.repeat(5000)

/** Never answers, while time passes. */
const silence: Handler = (_request, response) => {
  const passing = setInterval(() => bench.pass(31_000), 5)
  response.on('close', () => clearInterval(passing))
}
/** A byte now and then, while time passes. */
const drip: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const dripping = setInterval(() => {
    response.write(' ')
    bench.pass(5_000)
  }, 5)
  response.on('close', () => clearInterval(dripping))
}

type Trouble = { readonly api: Handler } | { readonly at: () => Promise<string> }
const listing: readonly (readonly [string, ErrorCode, RegExp, Trouble])[] = [
  [
    'no such host',
    'SOURCE_UNREACHABLE',
    /no host of that name|name cannot be looked up/,
    { at: async () => 'https://nobody.invalid/api/v3' },
  ],
  [
    'nothing listens',
    'SOURCE_UNREACHABLE',
    /nothing listens there/,
    { at: async () => `http://127.0.0.1:${await freePort()}` },
  ],
  ['no TLS', 'SOURCE_UNREACHABLE', /TLS/, { at: async () => github.apiUrl.replace('http:', 'https:') }],
  ['a redirect loop', 'SOURCE_UNREACHABLE', /redirects more than/, { api: answers.loop }],
  ['an error', 'SOURCE_UNREACHABLE', /answered with an error \(502\)/, { api: answers.status(502) }],
  ['a cut connection', 'SOURCE_UNREACHABLE', /the connection was cut/, { api: answers.cut }],
  ['silence', 'TIMEOUT', /did not answer within 1m/, { api: silence }],
  ['slow-loris', 'TIMEOUT', /did not answer within 1m/, { api: drip }],
  ['no credentials', 'SOURCE_DENIED', /wants credentials/, { api: answers.status(401) }],
  ['credentials that do not suffice', 'SOURCE_DENIED', /may not be read/, { api: answers.status(403) }],
  ['not found', 'SOURCE_NOT_FOUND', /is not there \(404\)/, { api: answers.status(404) }],
  ['too many requests', 'SOURCE_RATE_LIMITED', /answers no more until/, { api: limits.primary(900) }],
  [
    'a web page',
    'SOURCE_GARBAGE',
    /did not answer as the API/,
    { api: answers.status(200, '<html>Log in</html>') },
  ],
  [
    'the wrong type',
    'SOURCE_GARBAGE',
    /did not answer as the API/,
    { api: answers.status(200, 'PNG', { 'content-type': 'image/png' }) },
  ],
  ['0 bytes', 'SOURCE_GARBAGE', /did not answer as the API/, { api: answers.status(200, '') }],
]
test.each(listing)('a listing that meets %s', async (_title, code, message, trouble) => {
  if ('api' in trouble) github.breakWith(trouble.api)
  const error = await failureOf(source('at' in trouble ? await trouble.at() : undefined).versions(calm))
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
  expect(error.message).toMatch(/^source "app": /)
  expect(error.hint).toMatch(/^.{10,}[.]$/)
})

const cutInTheMiddle: Handler = (_request, response) => {
  response.writeHead(200, { 'content-length': String(content.length) })
  response.write(content.slice(0, 1000), () => response.destroy())
}
const fetching: readonly (readonly [string, ErrorCode, RegExp, Handler])[] = [
  ['not found', 'ARTIFACT_MISSING', /is not there/, answers.status(404)],
  ['a link that has expired', 'SOURCE_DENIED', /may not be read/, answers.status(403)],
  ['a cut connection, again and again', 'SOURCE_UNREACHABLE', /cut|only 1000 of 5000/, cutInTheMiddle],
  ['silence', 'SOURCE_UNREACHABLE', /stopped sending/, silence],
  ['a redirect loop', 'SOURCE_UNREACHABLE', /redirects more than/, answers.loop],
  ['a web page', 'SOURCE_GARBAGE', /web page instead/, answers.status(200, '<!doctype html>'.padEnd(5000))],
  ['another size', 'ARTIFACT_CORRUPT', /has 4 bytes/, answers.status(200, 'four', { 'content-length': '4' })],
  ['0 bytes', 'SOURCE_UNREACHABLE', /sent only 0 of 5000 bytes/, answers.status(200, '')],
]
test.each(fetching)('a download that meets %s', async (_title, code, message, trouble) => {
  github.publish('v1.0.0', { assets: { 'app_1.0.0.tgz': content } })
  const release = await source().resolve('1.0.0', calm)
  github.breakFilesWith(trouble)
  const context = { file: path.join(bench.folder, 'fetched'), onProgress: () => undefined, signal: calm }
  const error = await failureOf(source().fetch(release, context))
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
  expect(error.message).toMatch(/^source "app": /)
  expect(error.message).not.toContain('signature')
  expect(error.hint).toMatch(/^.{5,}[.]$/)
})

describe('all the way', () => {
  test.each([
    ['with a digest from GitHub', undefined],
    ['without one', null],
  ])('a release is listed, pinned, fetched, verified and put to serve, %s', async (_title, digest) => {
    const folder = path.join(bench.folder, 'work', 'app')
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, 'index.html'), '<h1>1.1.0</h1>')
    const archive = path.join(bench.folder, 'work', 'app.tgz')
    execFileSync('tar', ['-czf', archive, '-C', path.dirname(folder), 'app'])
    const asset = { content: await readFile(archive), ...(digest === undefined ? {} : { digest }) }
    github.publish('v1.0.0')
    github.publish('v1.1.0', { assets: { 'app_1.1.0.tgz': asset } })

    const from = source()
    expect((await from.versions(calm)).map(({ version }) => version)).toEqual(['1.1.0', '1.0.0'])
    const release = await from.resolve('1.1.0', calm)
    const artifacts = createArtifacts({
      directory: path.join(bench.ports.cacheDirectory, 'artifacts'),
      source: () => from,
      clock: bench.ports.clock,
      pid: process.pid,
    })
    const target = directoryDriver.create(
      { type: 'directory', path: 'srv', strip: 1 },
      testScope,
      bench.ports,
    )
    const instance = {
      service: 'app',
      host: 'local',
      name: '1.1.0-0000',
      slot: null,
      release,
      specDigest: 'sha256:00',
    }
    const context = {
      signal: calm,
      deployment: 'd1',
      onProgress: () => undefined,
      onLine: () => undefined,
      onChild: () => Promise.resolve(),
    }
    const obtain = () => artifacts.obtain(release, { type: 'github' }, () => undefined, calm)
    await target.stage(instance, obtain, context)
    await target.route(shareOf(null), shareOf(instance), context)
    const page = path.join(bench.folder, 'srv', 'current', 'index.html')
    expect(await readFile(page, 'utf8')).toBe('<h1>1.1.0</h1>')
    expect(github.filesAsked).toHaveLength(1)
  })
})
