/** The connection to a host, with real machines at the other end: what it carries, and what is said when it fails. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { HostLink, ScriptRequest } from '../../../src/model/host.js'
import { describeWith, testWith } from '../../support/needs.js'
import { linkBench, type LinkBench } from '../../support/link-bench.js'
import { startSshHost, type SshHost } from '../../support/ssh-host.js'

/** Typed as what it stands for. */
const containing = (text: string): unknown => expect.stringContaining(text)
const never = new AbortController().signal
const request = (script: string, more: Partial<ScriptRequest> = {}): ScriptRequest => ({
  script,
  doing: 'try something',
  timeoutMs: 20_000,
  ...more,
})
const textOf = async (link: HostLink, script: string) => {
  const { exitCode, stdout, stderr } = await link.run(request(script), never)
  return { exitCode, stdout: stdout.toString('utf8'), stderr }
}

for (const kind of ['debian', 'busybox'] as const) {
  describeWith('ssh-hosts', `a link to a ${kind} host`, () => {
    const test = testWith('ssh-hosts')
    let host: SshHost
    let bench: LinkBench
    beforeAll(async () => {
      host = await startSshHost({ kind })
    })
    afterAll(() => host.stop())
    beforeEach(async () => {
      bench = await linkBench()
    })
    afterEach(() => bench.end())

    test('answers script after script, each with its own output, exit code and words', async () => {
      const link = await bench.link(host.port)
      expect(await textOf(link, "printf '%s' 'it'\\''s $HOME'")).toEqual({
        exitCode: 0,
        stdout: "it's $HOME",
        stderr: [],
      })
      expect(await textOf(link, 'cd /; X=1; echo no >&2; exit 7')).toEqual({
        exitCode: 7,
        stdout: '',
        stderr: ['no'],
      })
      expect((await textOf(link, 'echo "${X-unset}"')).stdout).toBe('unset\n')
      expect(await textOf(link, 'if')).toMatchObject({ exitCode: 2 })
      expect((await textOf(link, 'printf "a\\000b\\n\\n"')).stdout).toBe('a\0b\n\n')
    })

    test('sends bytes to a script without adding or losing one', async () => {
      const link = await bench.link(host.port)
      const bytes = Buffer.from(Array.from({ length: 300_001 }, (_, at) => (at * 7) % 256))
      const parts = [bytes.subarray(0, 100_000), bytes.subarray(100_000)]
      const input = {
        bytes: bytes.length,
        async *open() {
          yield* parts
        },
      }
      const take = `dd bs=65536 count=${Math.floor(bytes.length / 65536)} iflag=fullblock 2>/dev/null; dd bs=${bytes.length % 65536} count=1 iflag=fullblock 2>/dev/null`
      const { stdout } = await link.run(request(take, { input }), never)
      expect(stdout.equals(bytes)).toBe(true)
      expect((await textOf(link, 'echo still in step')).stdout).toBe('still in step\n')
    })

    test('runs a command with its folder, variables, input and exit code', async () => {
      const { shell } = await bench.link(host.port)
      const said: string[] = []
      const command = { shell: 'cat; pwd; echo "$WHO"; echo oops >&2; exit 3' }
      const result = await shell.run(
        {
          command,
          directory: '/srv',
          env: { WHO: "it's me" },
          input: 'in\n',
          timeoutMs: 20_000,
          onLine: ({ text }) => said.push(text),
        },
        never,
      )
      expect(result).toMatchObject({ exitCode: 3, ended: 'exit', stdout: "in\n/srv\nit's me\n" })
      expect(said.sort()).toEqual(['/srv', 'in', "it's me", 'oops'])
    })

    test('ends a command with everything it started when it is cancelled or late', async () => {
      const { shell } = await bench.link(host.port)
      const command = { shell: 'sleep 1234 & sleep 1234; echo no' }
      const stop = new AbortController()
      const cancelled = shell.run({ command, directory: '/', timeoutMs: 60_000, graceMs: 1000 }, stop.signal)
      for (
        let tries = 0;
        (await host.inside('ps | grep "[s]leep 1234" || true')) === '' && tries < 100;
        tries++
      );
      stop.abort()
      expect(await cancelled).toMatchObject({ ended: 'cancelled' })
      expect(
        await shell.run({ command, directory: '/', timeoutMs: 300, graceMs: 1000 }, never),
      ).toMatchObject({ ended: 'timeout' })
      expect(await host.inside('ps ax 2>/dev/null | grep "[s]leep 1234" || true')).toBe('')
    })

    test('never takes what a command leaves behind for the answer to another', async () => {
      const link = await bench.link(host.port)
      const command = { shell: 'setsid sh -c "while sleep 0.05; do echo noise; done" & echo started' }
      expect(await link.shell.run({ command, directory: '/', timeoutMs: 20_000 }, never)).toMatchObject({
        exitCode: 0,
      })
      for (let round = 0; round < 5; round++) {
        expect((await textOf(link, 'sleep 0.1; echo data')).stdout).toBe('data\n')
      }
    })

    test('says what is missing when a command cannot be started', async () => {
      const { shell } = await bench.link(host.port)
      const start = (run: string[], directory = '/') =>
        shell.run({ command: { run }, directory, timeoutMs: 20_000 }, never)
      await expect(start(['no-such-program'])).rejects.toMatchObject({
        code: 'COMMAND_NOT_FOUND',
        message: containing('no-such-program'),
      })
      await expect(start(['true'], '/no/such')).rejects.toMatchObject({
        code: 'COMMAND_NOT_FOUND',
        message: containing('/no/such'),
      })
      await expect(start(['/etc/passwd'])).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    })

    test('serves many at once, also while a long command runs', async () => {
      const link = await bench.link(host.port)
      const long = link.shell.run(
        { command: { shell: 'sleep 3; echo done' }, directory: '/', timeoutMs: 20_000 },
        never,
      )
      const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => textOf(link, `echo ${at}`)))
      expect(answers.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 20 }, (_, at) => `${at}\n`))
      expect((await long).stdout).toBe('done\n')
    })
  })
}

describeWith('ssh-hosts', 'a login that is not easy', () => {
  const test = testWith('ssh-hosts')
  const prepare = `
    echo 'echo noise; echo noise >&2; PS1="\\$(date) "; export PS1' > /root/.bashrc
    for each in fish:/usr/bin/fish csh:/bin/tcsh none:/usr/sbin/nologin; do
      useradd -m -s "\${each#*:}" "\${each%%:*}"; passwd -d "\${each%%:*}" >/dev/null
    done
    mount -t tmpfs -o noexec,mode=1777 tmpfs /tmp`
  let host: SshHost
  let bench: LinkBench
  beforeAll(async () => {
    host = await startSshHost({ prepare })
    bench = await linkBench()
  })
  afterAll(async () => {
    await bench.end()
    await host.stop()
  })

  for (const user of ['root', 'fish', 'csh']) {
    test(`${user} is talked to like any other`, async () => {
      const link = await bench.link(host.port, { user })
      expect((await textOf(link, 'id -un; printf "%s" "a  b"')).stdout).toBe(`${user}\na  b`)
      const result = await link.shell.run(
        { command: { run: ['printf', '%s|', "a 'b", '$c', '!d'] }, directory: '/', timeoutMs: 20_000 },
        never,
      )
      expect(result.stdout).toBe("a 'b|$c|!d|")
    })
  }

  test('a user without a shell is told apart', async () => {
    const link = await bench.link(host.port, { user: 'none' })
    await expect(textOf(link, 'true')).rejects.toMatchObject({
      code: 'HOST_DENIED',
      message: containing('no login shell'),
    })
  })
})

describeWith('ssh-hosts', 'a host that cannot be used', () => {
  const test = testWith('ssh-hosts')
  let host: SshHost
  let bench: LinkBench
  beforeAll(async () => {
    host = await startSshHost()
    bench = await linkBench()
  })
  afterAll(async () => {
    await bench.end()
    await host.stop()
  })
  const refusal = (link: HostLink) => link.run(request('true'), never).catch((error: unknown) => error)

  test('nothing listens there', async () => {
    expect(await refusal(await bench.link(1))).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: 'The host web1 (root@127.0.0.1:1) cannot be used: nothing listens there (connection refused).',
    })
  })
  test('its name has no address', async () => {
    expect(await refusal(await bench.link(22, { address: 'no-such-host.invalid' }))).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: containing('its name has no address'),
    })
  })
  test('the user is not let in', async () => {
    expect(await refusal(await bench.link(host.port, { user: 'nobody-here' }))).toMatchObject({
      code: 'HOST_DENIED',
    })
  })
  test('its key is not known', async () => {
    const folder = await mkdtemp(join(bench.folder, 'keys-'))
    await writeFile(join(folder, 'known_hosts'), '')
    await writeFile(
      join(folder, 'ssh_config'),
      `UserKnownHostsFile ${join(folder, 'known_hosts')}\nStrictHostKeyChecking no\n`,
    )
    expect(
      await refusal(await bench.link(host.port, {}, { config: join(folder, 'ssh_config') })),
    ).toMatchObject({
      code: 'HOST_KEY_REFUSED',
      message: containing('not in known_hosts'),
    })
  })
  test('its key is another than before', async () => {
    const folder = await mkdtemp(join(bench.folder, 'keys-'))
    const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEjtlLbjjMCEYwuUXAfMTwG7Yb4rEeeYtyUIvsZ0aaaa'
    await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${host.port} ${other}\n`)
    await writeFile(join(folder, 'ssh_config'), `UserKnownHostsFile ${join(folder, 'known_hosts')}\n`)
    expect(
      await refusal(await bench.link(host.port, {}, { config: join(folder, 'ssh_config') })),
    ).toMatchObject({
      code: 'HOST_KEY_REFUSED',
      message: containing('not the one that known_hosts has'),
      hint: containing('ssh-keygen -R'),
    })
  })
  test('the connection goes in the middle', async () => {
    const link = await bench.link(host.port)
    await link.run(request('true'), never)
    const lost = link.run(request('sleep 60'), never).catch((error: unknown) => error)
    await host.inside('sleep 0.5; kill $(ps -o pid= --ppid 1)')
    expect(await lost).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: containing('lost while it was asked to try something'),
    })
    expect((await textOf(link, 'echo again')).stdout).toBe('again\n')
  })
  test('a script is late', async () => {
    const link = await bench.link(host.port)
    await expect(link.run(request('sleep 60', { timeoutMs: 500 }), never)).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    expect((await textOf(link, 'echo again')).stdout).toBe('again\n')
  })
})
