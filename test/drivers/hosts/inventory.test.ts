/** Hosts that deploy.yaml does not hold itself. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHosts } from '../../../src/drivers/hosts/create-hosts.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import { systemShell } from '../../../src/drivers/system/system-shell.js'
import type { HostGroup } from '../../../src/model/host.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deployctl-inventory-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const ssh = { config: null, connectTimeoutMs: 1000, keepAliveMs: 1000, startsAtOnce: 1 }
const all = (groups: { readonly [name: string]: HostGroup }) =>
  createHosts({
    groups,
    ssh,
    library: '',
    projectDirectory: folder,
    shell: systemShell,
    clock: systemClock,
    reveal: (text) => Promise.resolve(text),
  }).all(new AbortController().signal)
const ofCommand = (line: string): HostGroup => ({ kind: 'command', run: ['sh', '-c', line], timeoutMs: 5000 })
const ofText = async (text: string) => {
  await writeFile(join(folder, 'hosts.json'), text)
  return all({ app: { kind: 'file', path: 'hosts.json' } })
}

test('a file and a command give the same hosts as a list would; one in both groups is one', async () => {
  await writeFile(join(folder, 'hosts.json'), '["deploy@web1:2222", {"address": "10.0.0.9", "name": "db1"}]')
  const hosts = await all({
    app: { kind: 'file', path: 'hosts.json' },
    spot: ofCommand('echo \'["deploy@web1:2222", "web7"]\''),
  })
  expect(hosts.map(({ name, user, groups }) => ({ name, user, groups }))).toEqual([
    { name: 'web1:2222', user: 'deploy', groups: ['app', 'spot'] },
    { name: 'db1', user: null, groups: ['app'] },
    { name: 'web7', user: null, groups: ['spot'] },
  ])
})

test.each([
  ['{"web1": {}}', 'hosts.json (hosts.app): it has to be a list of hosts'],
  ['nonsense', 'it is no JSON'],
  ['["-oProxyCommand=touch"]', 'entry 1: "-oProxyCommand=touch" is no host'],
  ['["web1", 7]', 'entry 2: it has to be a text or a map'],
  ['[{"name": "web1"}]', 'entry 1: it has no address'],
  ['[{"address": "-v"}]', 'entry 1: address has to be a name or an address'],
  ['[{"address": "a", "prot": 22}]', 'entry 1: "prot" is not known.'],
  ['[{"address": "a", "port": "22"}]', 'port has to be a number from 1 to 65535'],
  ['["a@web1", "b@web1"]', 'The host web1 is another one in the group app'],
])('%s is refused with its place', async (text, message) => {
  await expect(ofText(text)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message) as string,
  })
})

test('a command that fails or hangs is told with what it said', async () => {
  await expect(all({ app: ofCommand('echo no token >&2; exit 3') })).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringContaining('exited with 3') as string,
    details: ['no token'],
  })
  const hanging: HostGroup = { kind: 'command', run: ['sleep', '60'], timeoutMs: 200 }
  await expect(all({ app: hanging })).rejects.toMatchObject({
    message: expect.stringContaining('was ended: timeout') as string,
  })
})

test('a file that is not there is named', async () => {
  await expect(all({ app: { kind: 'file', path: 'missing.json' } })).rejects.toMatchObject({
    message: expect.stringContaining('missing.json') as string,
  })
})
