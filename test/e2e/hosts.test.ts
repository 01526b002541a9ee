/** The built program and real machines over SSH: the doctor's word, commands on hosts, and what is said of a host that is down. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { deployctl } from '../support/built-cli.js'
import { describeWith, testWith } from '../support/needs.js'
import { startSshHost, writeSshConfig, type SshHost } from '../support/ssh-host.js'

describeWith('ssh-hosts', 'hosts of deploy.yaml', () => {
  const test = testWith('ssh-hosts')
  let hosts: readonly SshHost[]
  let folder: string
  beforeAll(async () => {
    hosts = await Promise.all([startSshHost(), startSshHost({ kind: 'busybox' })])
    folder = await mkdtemp(join(tmpdir(), 'deployctl-hosts-'))
    const ports = hosts.map(({ port }) => port)
    await writeSshConfig(folder, ports)
    const [first = 0, second = 0] = ports
    const text = `version: 1
project: shop
sources: { web: { type: directory, path: releases } }
services: { web: { source: web, target: { type: directory, path: /srv/web } } }
ssh: { config: ssh_config }
hosts:
  app:
    - { name: web1, address: 127.0.0.1, user: root, port: ${first}, variables: { ROLE: "it's first" } }
    - { name: web2, address: 127.0.0.1, user: root, port: ${second}, labels: { zone: b } }
environments:
  half: { hosts: { gone: [{ name: gone1, address: 127.0.0.1, user: root, port: 1 }] } }
  whole: {}
defaultEnvironment: whole
`
    await writeFile(join(folder, 'deploy.yaml'), text)
  })
  afterAll(async () => {
    await Promise.all(hosts.map((host) => host.stop()))
    await rm(folder, { recursive: true, force: true })
  })
  const run = (...words: string[]) => deployctl(words, { directory: folder })

  test('doctor finds them fit, and says what is wrong with one that is down', async () => {
    const fit = await run('doctor')
    expect(fit.stdout).toContain('2 hosts, fit for deployments.')
    expect(fit.code).toBe(0)
    const half = await run('doctor', '--env', 'half')
    expect(half.stdout).toMatch(
      /✗ gone1: The host gone1 \(root@127.0.0.1:1\) cannot be used: nothing listens\s+there/,
    )
    expect(half.stdout).toContain('3 hosts, 1 with something to mend.')
    expect(half.code).toBe(1)
  })

  test('run prefixes lines, sums up exit codes and reaches whom it is told to', async () => {
    const all = await run('run', '--', 'printf', '%s %s\\n', '$ROLE', '-h')
    expect(all.stdout.split('\n').sort()).toEqual(['', 'web1 | $ROLE -h', 'web2 | $ROLE -h'])
    expect(all.code).toBe(0)
    const line = await run('run', '--host', 'web1', '--', 'echo "$ROLE" | tr a-z A-Z')
    expect(line.stdout).toBe("web1 | IT'S FIRST\n")
    const failing = await run('run', '--limit', 'zone=b', '--', 'echo oops >&2; exit 3')
    expect(failing.stderr).toContain('web2 | oops\n')
    expect(failing.stderr).toContain('✗ web2 exited with 3\nfailed on 1 of 1 host')
    expect(failing.code).toBe(1)
    const other = await run('run', '--host', 'web1', '--become', 'nobody', '--', 'id -un')
    expect([other.stdout, other.code]).toEqual(['web1 | nobody\n', 0])
    expect((await run('run', '--become', '-s', '--', 'true')).code).toBe(3)
    const half = await run('run', '--env', 'half', '--', 'true')
    expect(half.stderr).toMatch(/✗ gone1 was not reached: .*\n.*failed on 1 of 3 hosts/s)
  })

  test('a selection that fits nothing is an error, and nothing is run', async () => {
    const refused = await run('run', '--limit', 'ap', '--', 'touch /srv/ran')
    expect(refused.stderr).toContain('--limit ap: no host fits. Did you mean "app"?')
    expect(refused.code).toBe(3)
    expect(await hosts[0]?.inside('ls /srv')).not.toContain('ran')
  })

  test('Ctrl-C ends the command on every host', async () => {
    const interrupted = await deployctl(['run', '--', 'echo begun; sleep 987'], {
      directory: folder,
      onOutput: (written, kill) => {
        if (written.split('begun').length === 3) kill('SIGINT')
      },
    })
    expect(interrupted.code).toBe(130)
    for (const host of hosts)
      expect(await host.inside('ps ax 2>/dev/null | grep "[s]leep 987" || true')).toBe('')
  })

  test('--json gives a line for each', async () => {
    const { stdout } = await run('run', '--json', '--limit', 'web1', '--', 'echo hi')
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(records.map(({ type }) => type)).toEqual(['version', 'line', 'ran'])
    expect(records.at(-1)).toMatchObject({ host: 'web1', exitCode: 0 })
  })
})
