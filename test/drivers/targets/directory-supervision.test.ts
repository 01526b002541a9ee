/** Restarts by runit and supervisor, the real ones: on this machine, and on a host over SSH. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { Json } from '../../../src/base/hash.js'
import { systemShell } from '../../../src/drivers/system/system-shell.js'
import type { HostLink } from '../../../src/model/host.js'
import type { Shell } from '../../../src/model/shell.js'
import type { Target } from '../../../src/model/target.js'
import { directoryBench, type DirectoryBench, type StageableRelease } from '../../support/directory-bench.js'
import { linkBench, type LinkBench } from '../../support/link-bench.js'
import { describeWith, testWith } from '../../support/needs.js'
import { remoteBench } from '../../support/remote-bench.js'
import { shareOf } from '../../support/shares.js'
import { startSshHost, type SshHost } from '../../support/ssh-host.js'

const never = new AbortController().signal
const lastly: (() => Promise<unknown>)[] = []

/** A program that says which release it is, and when it is told something. */
const program =
  '#!/bin/sh\ntrap \'echo HUP >>../../said\' HUP\necho "$(cat version)" >>../../said\nwhile :; do sleep 0.05; done\n'

for (const where of ['this machine', 'a host over SSH'] as const) {
  describeWith('ssh-hosts', `on ${where}`, () => {
    const test = testWith('ssh-hosts')
    let host: SshHost
    let links: LinkBench
    let link: HostLink
    let bench: DirectoryBench
    let shell: Shell
    beforeAll(async () => {
      if (where === 'this machine') return
      host = await startSshHost()
      links = await linkBench()
      link = await links.link(host.port)
    })
    afterAll(async () => {
      if (where === 'this machine') return
      await links.end()
      await host.stop()
    })
    beforeEach(async () => {
      bench = where === 'this machine' ? await directoryBench() : await remoteBench(host, link, 'place')
      shell = where === 'this machine' ? systemShell : link.shell
    })
    afterEach(async () => {
      for (const end of lastly.splice(0).reverse()) await end()
      await bench.end()
    })

    const run = async (script: string): Promise<string> => {
      const result = await shell.run(
        { command: { shell: script }, directory: '/', timeoutMs: 60_000, env: { P: bench.path } },
        never,
      )
      expect(result, result.lastLines.join('\n')).toMatchObject({ exitCode: 0 })
      return result.stdout
    }
    const said = async (...lines: readonly string[]): Promise<void> => {
      await expect
        .poll(() => run('cat "$P/said" 2>/dev/null || :'), { timeout: 20_000, interval: 50 })
        .toBe(lines.map((line) => `${line}\n`).join(''))
    }
    const staged = async (
      target: Target,
      version: string,
      text = program,
    ): Promise<StageableRelease['instance']> => {
      const release = await bench.release(version, { version, 'bin/app': { mode: 0o755, text } })
      await target.stage(release.instance, release.obtain, bench.context())
      return release.instance
    }
    const targetOf = (restart: Json): Target => bench.target({ restart })

    /** Each makes the supervisor run; `restart` has it restart `app`, and `none` is something it does not know. */
    const supervisors = {
      async runit() {
        await run(`mkdir -p "$P/sv/app"; cd "$P/sv"
          printf '#!/bin/sh\\nexec 2>&1; cd "%s/current" && exec bin/app\\n' "$P" >app/run; chmod 755 app/run
          setsid -f sh -c 'echo $$ >../pid; exec runsvdir "$PWD"' >/dev/null 2>&1`)
        lastly.push(() => run('kill -HUP $(cat "$P/pid"); sleep 0.2'))
        await run('until [ -p "$P/sv/app/supervise/ok" ]; do sleep 0.05; done')
        const service = (name: string, more: object = {}) => ({ runit: `${bench.path}/sv/${name}`, ...more })
        return { restart: (more?: object) => service('app', more), none: service('none', { timeout: '2s' }) }
      },
      async supervisor() {
        await run(`mkdir -p "$P"; cd "$P"; cat >conf <<END
[unix_http_server]
file=$P/sock
[supervisord]
logfile=$P/log
pidfile=$P/pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://$P/sock
[program:app]
command=/bin/sh -c 'cd "$P/current" && exec bin/app'
startsecs=1
startretries=0
autostart=false
END
          setsid supervisord -c conf`)
        lastly.push(() => run('pkill -KILL -P $(cat "$P/pid"); kill -KILL $(cat "$P/pid")'))
        await run('until [ -S "$P/sock" ]; do sleep 0.05; done')
        const named = (name: string, more: object = {}) => ({
          supervisor: name,
          config: `${bench.path}/conf`,
          ...more,
        })
        return { restart: (more?: object) => named('app', more), none: named('none') }
      },
    }

    for (const [kind, start] of Object.entries(supervisors)) {
      if (kind === 'supervisor' && where === 'a host over SSH') continue // the same code, and slow to start
      test(`${kind} starts, restarts, signals and stops a real program, and knows when there is none`, async () => {
        const { restart, none } = await start()
        const target = targetOf(restart({ signal: 'HUP' })) // the first time there is nobody to send it to
        const [a, b] = [await staged(target, '1.0.0'), await staged(target, '1.0.1')]
        await target.route(shareOf(null), shareOf(a), bench.context())
        await said('1.0.0')
        await target.route(shareOf(a), shareOf(b), bench.context())
        await said('1.0.0', 'HUP')
        await targetOf(restart()).route(shareOf(b), shareOf(a), bench.context())
        await said('1.0.0', 'HUP', '1.0.0')
        await target.route(shareOf(a), shareOf(null), bench.context())
        await target.route(shareOf(a), shareOf(null), bench.context()) // an inverse finds nothing to do
        await expect(target.route(shareOf(a), shareOf(b), bench.context())).rejects.toMatchObject({
          code: 'COMMAND_FAILED',
          message: expect.stringMatching(
            /^api could not be restarted on \S+: ".*" (found it down|exited)/,
          ) as string,
        })
        await expect(targetOf(none).route(shareOf(a), shareOf(b), bench.context())).rejects.toMatchObject({
          code: 'COMMAND_FAILED',
          details: expect.arrayContaining([expect.stringMatching(/no such process|not exist/)]) as string[],
        })
        await targetOf(none).route(shareOf(b), shareOf(null), bench.context()) // undone, that is no failure
      })
    }

    if (where === 'a host over SSH') return
    test('supervisor shows the last words of a program that ends at once', async () => {
      const { restart } = await supervisors.supervisor()
      const target = targetOf(restart())
      const bad = await staged(
        target,
        '1.0.0',
        '#!/bin/sh\necho "FATAL could not reach db:5432" >&2; exit 3\n',
      )
      await expect(target.route(shareOf(null), shareOf(bad), bench.context())).rejects.toMatchObject({
        details: expect.arrayContaining(['FATAL could not reach db:5432']) as string[],
      })
    })

    test('runit whose program ends at once is down when the time is up', async () => {
      const { restart } = await supervisors.runit()
      const target = targetOf(restart({ timeout: '2s' }))
      const bad = await staged(target, '1.0.0', '#!/bin/sh\nexit 3\n')
      await expect(target.route(shareOf(null), shareOf(bad), bench.context())).rejects.toMatchObject({
        details: expect.arrayContaining([expect.stringContaining('down: ')]) as string[],
      })
    })
  })
}
