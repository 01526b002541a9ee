/** One bit of an archive turns over, on its way or in the cache: it is never unpacked, and what served before serves on. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLoopbackServer, type LoopbackServer } from '../drivers/sources/loopback-server.js'
import { scratchFolder } from '../drivers/system/scratch.js'
import { deployctl, type CliResult } from '../support/built-cli.js'
import { worldOfFolder } from '../support/world-of-folder.js'

const scratch = await scratchFolder()
let server: LoopbackServer
beforeAll(async () => {
  server = await startLoopbackServer()
})
afterAll(() => server.end())

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The lowest bit of a byte in the middle. */
function flipped(bytes: Buffer): Buffer {
  const wrong = Buffer.from(bytes)
  const at = Math.floor(wrong.length / 2)
  wrong.writeUInt8(wrong.readUInt8(at) ^ 1, at)
  return wrong
}

interface Project {
  readonly folder: string
  readonly archives: ReadonlyMap<string, Buffer>
  readonly apply: (environment: string, version: string) => Promise<CliResult>
  /** Hands these bytes out as the archive of a version; the list of digests stays as it was. */
  readonly serve: (version: string, bytes: Buffer) => void
  readonly serving: (environment: string) => Promise<string>
}

/** Two releases behind a web server with their digests; two environments that share the cache. */
async function project(name: string): Promise<Project> {
  const folder = join(scratch, name)
  const build = join(folder, 'build')
  await mkdir(build, { recursive: true })
  const archives = new Map<string, Buffer>()
  const serve = (version: string, bytes: Buffer): void => {
    server.serve(`/${name}/app-${version}.tgz`, bytes)
  }
  for (const version of ['1.0.0', '1.1.0']) {
    await writeFile(join(build, 'version'), version)
    execFileSync('tar', ['-czf', join(folder, 'app.tgz'), '-C', build, 'version'])
    const bytes = await readFile(join(folder, 'app.tgz'))
    archives.set(version, bytes)
    serve(version, bytes)
  }
  const sums = [...archives].map(([version, bytes]) => `${sha256(bytes)}  app-${version}.tgz\n`)
  server.serve(`/${name}/SHA256SUMS`, sums.join(''))
  await writeFile(
    join(folder, 'deploy.yaml'),
    `version: 1
project: flipped
sources:
  app: { type: http, index: '${server.origin}/${name}/SHA256SUMS', pattern: 'app-{version}.tgz' }
services:
  app: { source: app, version: '\${env.APP_VERSION}', target: { type: directory, path: 'srv/\${environment.name}' } }
environments: { first: {}, second: {} }
`,
  )
  return {
    folder,
    archives,
    serve,
    apply: (environment, version) => {
      const options = { directory: folder, env: { APP_VERSION: version } }
      return deployctl(['apply', '--auto-approve', '--env', environment], options)
    },
    serving: (environment) => readFile(join(folder, 'srv', environment, 'current', 'version'), 'utf8'),
  }
}

function expectRefused({ code, stdout, stderr }: CliResult, right: Buffer): void {
  expect(code).toBe(5)
  const said = (stdout + stderr).replaceAll(/\s+/g, ' ') // whatever the width of the lines
  expect(said).toMatch(/app-1\.1\.0\.tgz of app v1\.1\.0 is not what was announced/)
  expect(said).toMatch(/was refused and nothing was unpacked/)
  for (const bytes of [right, flipped(right)]) expect(said).toContain(sha256(bytes))
}

test('on its way: refused, and the release before serves', async () => {
  const { folder, archives, apply, serve, serving } = await project('download')
  expect(await apply('first', '1.0.0')).toMatchObject({ code: 0, stderr: '' })
  const before = await worldOfFolder(join(folder, 'srv'))
  const right = archives.get('1.1.0')!
  serve('1.1.0', flipped(right))
  expectRefused(await apply('first', '1.1.0'), right)
  expect(await worldOfFolder(join(folder, 'srv'))).toEqual(before)
  expect(await serving('first')).toBe('1.0.0')
})

test('in the cache: it is not used, but fetched again; when that is wrong too, the release before serves', async () => {
  const { folder, archives, apply, serve, serving } = await project('cache')
  const right = archives.get('1.1.0')!
  expect((await apply('first', '1.1.0')).code).toBe(0)
  expect((await apply('second', '1.0.0')).code).toBe(0)
  const before = await worldOfFolder(join(folder, 'srv', 'second'))

  const cached = join(folder, '.deployctl/cache/artifacts', `sha256-${sha256(right)}`)
  expect(sha256(await readFile(cached))).toBe(sha256(right))
  await writeFile(cached, flipped(right))
  serve('1.1.0', flipped(right))
  expectRefused(await apply('second', '1.1.0'), right)
  expect(await worldOfFolder(join(folder, 'srv', 'second'))).toEqual(before)
  expect([await serving('first'), await serving('second')]).toEqual(['1.1.0', '1.0.0'])
})

test('in the cache, while the source is right: healed without a word from anybody', async () => {
  const { folder, archives, apply, serving } = await project('healed')
  const right = archives.get('1.1.0')!
  expect((await apply('first', '1.1.0')).code).toBe(0)
  expect((await apply('second', '1.0.0')).code).toBe(0)
  const cached = join(folder, '.deployctl/cache/artifacts', `sha256-${sha256(right)}`)
  await writeFile(cached, flipped(right))
  expect((await apply('second', '1.1.0')).code).toBe(0)
  expect(await serving('second')).toBe('1.1.0')
  expect(sha256(await readFile(cached))).toBe(sha256(right))
})
