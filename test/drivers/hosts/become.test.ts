/** Working on a host as another user: the real sudo, with and without a password, and what is said when it refuses. */
import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Become } from '../../../src/model/become.js'
import type { HostLink } from '../../../src/model/host.js'
import { describeWith, testWith } from '../../support/needs.js'
import { linkBench, type LinkBench } from '../../support/link-bench.js'
import { remoteBench } from '../../support/remote-bench.js'
import { shareOf } from '../../support/shares.js'
import { startSshHost, type SshHost } from '../../support/ssh-host.js'

const never = new AbortController().signal
const containing = (text: string): unknown => expect.stringContaining(text)
/** In two parts, so that the script that makes the user does not have all of it. */
const start = `it's "a" $pass`
const password = `${start} word`

const prepare = `
  for each in free asks plain fish:/usr/bin/fish csh:/bin/tcsh; do
    case $each in *:*) useradd -m -s "\${each#*:}" "\${each%%:*}";; *) useradd -m -s /bin/sh $each;; esac
  done
  for each in free plain fish csh; do passwd -d $each >/dev/null; done
  { printf '%s' 'asks:${start.replaceAll("'", `'\\''`)}'; printf ' word'; } | chpasswd
  printf 'free ALL=(ALL) NOPASSWD: /bin/sh\\nfish ALL=(ALL) NOPASSWD: ALL\\ncsh ALL=(ALL) NOPASSWD: ALL\\nasks ALL=(ALL) ALL\\n' >/etc/sudoers.d/test
  chmod 440 /etc/sudoers.d/test`

describeWith('ssh-hosts', 'as another user', () => {
  const test = testWith('ssh-hosts')
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
  const root = (secret: string | null): Become => ({ user: 'root', password: secret })
  const who = async (link: HostLink): Promise<string> => {
    const answer = await link.run({ script: 'id -un', doing: 'say who it is', timeoutMs: 20_000 }, never)
    return answer.stdout.toString('utf8').trim()
  }

  for (const [user, become] of [
    ['free', root(null)],
    ['free', { user: 'www-data', password: null }],
    ['free', root('not needed')], // sudo asks for nothing, so the line is not taken for a command
    ['asks', root(password)],
    ['fish', root(null)],
    ['csh', root(null)],
  ] as const) {
    test(`${user} becomes ${become.user}${become.password === null ? '' : ' with a password'}`, async () => {
      const link = await bench.linkAs(host.port, become, { user })
      expect(await who(link)).toBe(become.user)
      const command = { shell: 'id -un; cat; exit 3' }
      const request = { command, directory: '/', input: 'text', timeoutMs: 20_000 }
      expect(await link.shell.run(request, never)).toMatchObject({
        exitCode: 3,
        stdout: `${become.user}\ntext`,
      })
    })
  }

  test('the password is in no argument, here or there', async () => {
    const link = await bench.linkAs(host.port, root(password), { user: 'asks' })
    expect(await who(link)).toBe('root')
    expect(await host.inside('cat /proc/[0-9]*/cmdline | tr "\\0" " "')).not.toContain('pass word')
    const here = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    for (const pid of here) {
      try {
        expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('pass word')
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error // it has ended
      }
    }
  })

  for (const [title, user, become, message] of [
    ['who may not', 'plain', root('x'), /may not become the other one by sudo|does not take the password/],
    ['who gives none', 'asks', root(null), /sudo wants a password and has been given none/],
    ['who gives a wrong one', 'asks', root('wrong'), /sudo does not take the password/],
    [
      'who becomes nobody that is there',
      'free',
      { user: 'nobody-here', password: null },
      /no such user to become/,
    ],
  ] as const) {
    test(`a user ${title} is told so`, async () => {
      const link = await bench.linkAs(host.port, become, { user })
      await expect(who(link)).rejects.toMatchObject({
        code: expect.stringMatching(/HOST_DENIED|HOST_UNFIT/) as string,
        message: expect.stringMatching(message) as string,
      })
    })
  }

  test('a host without sudo is told so', async () => {
    const small = await startSshHost({ kind: 'busybox' })
    const link = await bench.linkAs(small.port, root(null))
    await expect(who(link)).rejects.toMatchObject({
      code: 'HOST_UNFIT',
      message: containing('it has no sudo'),
    })
    await small.stop()
  })

  test('this machine needs no connection for it', async () => {
    const link = await bench.linkAs(null, { user: 'nobody', password: null })
    expect(await who(link)).toBe('nobody')
  })

  test('a directory that only root may write is deployed to by a user who may become root', async () => {
    const plain = await remoteBench(host, await bench.link(host.port, { user: 'free' }))
    await expect(
      plain.target().claim({ deployment: 'd1', by: 'me', incoming: [] }, never),
    ).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await plain.end()
    const link = await bench.linkAs(host.port, root(null), { user: 'free' })
    const ours = await remoteBench(host, link)
    const options = { owner: 'www-data', umask: '027', restart: { shell: 'id -un >../../who' } }
    const a = await ours.release('1.0.0', { 'bin/app': { mode: 0o755, text: 'app' } }, options)
    const target = ours.target(options)
    const claim = await target.claim({ deployment: 'd1', by: 'me', incoming: [a.instance.release] }, never)
    await target.stage(a.instance, a.obtain, ours.context())
    await target.route(shareOf(null), shareOf(a.instance), ours.context())
    await claim.release()
    const staged = await stat(
      ours.seen(join(ours.path, 'current/bin/app')).replace('/current/', `/releases/${a.instance.name}/`),
    )
    expect(staged.uid).toBe(33) // www-data
    expect(staged.mode & 0o777).toBe(0o750)
    expect(readFileSync(ours.seen(`${ours.path}/who`), 'utf8')).toBe('root\n')
    await ours.end()
  })
})
