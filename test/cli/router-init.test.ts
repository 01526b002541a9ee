/** `deployctl router init`: what it writes is a configuration that HAProxy takes and that the router works with. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { haproxyText } from '../../src/cli/starters/haproxy-text.js'
import { haproxyDriver } from '../../src/drivers/routers/haproxy.js'
import { driverPorts } from '../contract/driver-ports.js'
import { freePort, quietContext, scope } from '../drivers/routers/haproxy-bench.js'
import { tally } from '../drivers/routers/http-asking.js'
import { tinyEnd } from '../drivers/routers/tiny-end.js'
import { addressOf, testWith } from '../support/needs.js'
import { cli } from './support/cli.js'

let folder: string
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'deployctl-router-')))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const init = (...words: string[]) => cli(['router', 'init', ...words], { workingDirectory: folder })

test('it writes a file, says what goes into deploy.yaml, and never overwrites', async () => {
  const { code, out } = await init('web', '--out', 'edge.cfg')
  expect(code).toBe(0)
  const router = `router: { type: haproxy, socket: ${folder}/admin.sock, backend: web, config: ${folder}/edge.cfg }`
  expect(out).toContain(router)
  const again = await init('web', '--out', 'edge.cfg')
  expect(again.code).toBe(1)
  expect(again.err).toContain('--out')
  await writeFile(join(folder, 'haproxy.cfg'), 'mine')
  expect((await init('web')).code).toBe(1)
  expect(await readFile(join(folder, 'haproxy.cfg'), 'utf8')).toBe('mine')
})

test.each([[['we b']], [['web', '--listen', 'x y']], [['web', '--listen', '80;']]])(
  'what HAProxy could not take is refused: %s',
  async (words) => {
    expect((await init(...words)).code).toBe(3)
  },
)

test('the manual shows what it writes', () => {
  const page = readFileSync('docs/routers/haproxy.md', 'utf8')
  const text = haproxyText({ service: 'web', bind: ':80', socket: '/etc/haproxy/admin.sock' })
  const shown = text.replace(/ {2}server slot3 .*(?= {2}server slot16 )/s, '  …\n')
  expect(page).toContain(`\n${shown}\`\`\``)
})

testWith('haproxy')('HAProxy takes it, and the router moves traffic through it', async () => {
  const port = await freePort()
  await init('web', '--listen', `127.0.0.1:${port}`)
  await promisify(execFile)(addressOf('haproxy'), ['-c', '-f', join(folder, 'haproxy.cfg')])
  const proxy = spawn(addressOf('haproxy'), ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' })
  const [ports, blue] = [await driverPorts(), await tinyEnd('blue')]
  try {
    const config = join(folder, 'haproxy.cfg')
    const options = { type: 'haproxy', socket: join(folder, 'admin.sock'), backend: 'web', config }
    const router = haproxyDriver.create(options, scope, ports)
    await expect.poll(async () => (await router.look(new AbortController().signal)).trouble).toBeNull()
    await router.route([blue.end()], quietContext())
    expect(await tally(port, 3)).toEqual({ blue: 3 })
    expect(await readFile(config, 'utf8')).toMatch(/server slot1 127\.0\.0\.1:\d+/)
  } finally {
    const gone = once(proxy, 'exit')
    proxy.kill('SIGTERM')
    await gone
    await blue.close()
    await ports.remove()
  }
})
