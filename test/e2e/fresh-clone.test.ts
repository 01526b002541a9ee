/** The command lines of the README and of deploy.yaml in a fresh clone: they do what they say. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deployctl } from '../support/built-cli.js'

const root = join(import.meta.dirname, '..', '..')
let clone: string
let port: string

/** What a clone would hold: what git knows of, as it is in the working tree, and the installed packages. */
beforeAll(async () => {
  clone = mkdtempSync(join(tmpdir(), 'deployctl-clone-'))
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  })
  for (const name of String(list).split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(clone, name)), { recursive: true })
    cpSync(join(root, name), join(clone, name))
  }
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
  port = await freePort()
})
afterAll(() => rmSync(clone, { recursive: true, force: true }))

test('the README opens with two command lines; the first, after npm ci, builds and shows what the README shows', () => {
  const readme = readFileSync(join(clone, 'README.md'), 'utf8')
  const block = /```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const lines = block
    .trim()
    .split('\n')
    .map((line) => line.replace(/ *#.*/, ''))
  expect(lines).toEqual(['npm ci && npm run tour', 'npm ci && npm test'])
  const tour = spawnSync('sh', ['-c', 'npm run tour --silent 2>&1'], { cwd: clone, encoding: 'utf8' })
  const said = tour.stdout
  expect(said.trimEnd()).toMatch(/All as told\.$/)
  expect(tour.status).toBe(0)
  for (const part of ['deployctl plan', 'Unwound in', 'rollback --to v1.0.1', 'deployctl history'])
    expect(said).toContain(part)
  const fenced = readme.split(/^```/m).filter((_, index) => index % 2 === 1)
  const shown = fenced.filter((text) => text.startsWith('\n')).map(steady)
  expect(shown).toHaveLength(2)
  for (const text of shown) expect(steady(said)).toContain(text.trim())
})

/** What differs from run to run: digests, ids, ports, times. */
function steady(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\b[0-9a-f]{8}\b/g, 'x')
    .replace(/127\.0\.0\.1:\d+/g, 'host')
    .replace(/[\d.]+m?s\b/g, 'time')
}

describe('the root deploy.yaml', () => {
  const run = (line: string) =>
    deployctl(line.split(' '), { directory: clone, env: { HELLO_PORT: port }, input: 'yes\n' })
  const page = () =>
    fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then((answer) => answer.text())

  afterAll(() => {
    const current = join(clone, 'var', 'staging', 'hello', 'current')
    execFileSync(process.execPath, ['service.mjs', 'stop'], { cwd: current, stdio: 'ignore' })
  })

  test('plan, apply --env staging, rollback --to v1.0.1 do their whole job with nothing but Node', async () => {
    expect(await run('plan')).toMatchObject({ code: 0, stderr: '' })
    expect(await run('apply --env staging --auto-approve')).toMatchObject({ code: 0, stderr: '' })
    expect(await page()).toContain('from v1.0.2')
    expect(await run('rollback --to v1.0.1 --auto-approve')).toMatchObject({ code: 0, stderr: '' })
    expect(await page()).toContain('from v1.0.1')
    expect(await run('plan --detailed-exitcode')).toMatchObject({ code: 0 })
  })
})

function freePort(): Promise<string> {
  const server = createServer()
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const { port: free } = server.address() as AddressInfo // of a server that listens on a port
      server.close(() => done(String(free)))
    })
  })
}
