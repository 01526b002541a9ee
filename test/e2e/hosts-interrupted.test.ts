/**
 * Deployments to real hosts, interrupted for real: deployctl is killed at writes of its journal, and the network to one host
 * is cut at every step. Recovered, each host has exactly the old or the new release, and no lock needs a hand.
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import { deployctl } from '../support/built-cli.js'
import { hostProject, type HostProject } from '../support/host-project.js'
import { describeWith, testWith } from '../support/needs.js'
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.js'

const preload = join(import.meta.dirname, '..', 'support', 'kill-at-write.cjs')
const names = ['web1', 'web2', 'web3']
/** Of the moments at which a journal is written; every one of them in the end, with another first one. */
const stride = 7

describeWith('ssh-hosts', 'a deployment to hosts that is interrupted', () => {
  const test = testWith('ssh-hosts')
  let project: HostProject
  let relay: TcpRelay
  let latest = 0
  beforeAll(async () => {
    project = await hostProject(names)
    relay = await startTcpRelay(project.ports.get('web2') ?? 0)
    project.ports.set('web2', relay.port)
    await project.configure({
      hosts: names,
      strategy: '{ type: rolling, batch: 2 }',
      target: `keepReleases: 2, restart: { shell: 'sleep 0.1' }`,
    })
    await publish()
    expect(await apply()).toMatchObject({ code: 0, stderr: '' })
  })
  afterAll(async () => {
    await relay.close()
    await project.end()
  })
  const apply = (env: Readonly<Record<string, string>> = {}) =>
    project.run(['apply', '--auto-approve'], { env })
  const served = () => names.map((name) => project.serving(name))
  const claimed = () => names.filter((name) => project.claims(name))
  const versionOf = (number: number) => `1.${number}.0`
  const publish = () => project.release(versionOf(++latest))
  const all = (version: string | null) => names.map(() => version)
  const begun = async () => {
    const { stdout, stderr } = await project.run(['recover'])
    return !`${stdout}${stderr}`.includes('nothing to recover')
  }

  test('killed at writes of the journal: recover ends at the new release or the old one', async () => {
    const count = join(project.folder, 'count')
    await publish()
    expect(
      await apply({ NODE_OPTIONS: `--require ${preload}`, KILL_AT: '0', KILL_COUNT: count }),
    ).toMatchObject({ code: 0 })
    const moments = Number(await readFile(count, 'utf8'))
    expect(moments).toBeGreaterThan(25)
    for (let moment = 2; moment <= moments; moment += stride) {
      const direction = moment % 2 === 0 ? 'unwind' : 'resume'
      const [before] = served()
      await publish()
      const killed = await apply({ NODE_OPTIONS: `--require ${preload}`, KILL_AT: String(moment) })
      expect([moment, killed.signal]).toEqual([moment, 'SIGKILL'])
      let went: string = 'none'
      if (await begun()) {
        const recovered = await project.run(['recover', `--${direction}`])
        went = direction
        if (recovered.stderr.includes('can no longer be undone')) {
          expect((await project.run(['recover', '--resume'])).code).toBe(0)
          went = 'resume'
        } else expect([moment, recovered.code, recovered.stderr]).toEqual([moment, 0, expect.any(String)])
        expect([moment, went, claimed()]).toEqual([moment, went, []])
      }
      const after = went === 'resume' ? versionOf(latest) : went === 'unwind' ? before! : served()[0]!
      expect([moment, went, served()]).toEqual([moment, went, all(after)])
      expect([moment, (await project.run(['plan'])).code]).toEqual([moment, 0])
    }
  }, 300_000)

  test('the network to one host is cut at every step: recover, when it is back, ends well', async () => {
    await publish()
    expect(await apply()).toMatchObject({ code: 0 })
    for (let line = 1; ; line++) {
      const [before] = served()
      await publish()
      const wire = { isCut: false }
      const cut = await project.run(['apply', '--auto-approve'], {
        onOutput: (written) => {
          const lines = written.split('\n').filter((text) => /^\[web\] .* on web2/.test(text))
          if (lines.length < line || wire.isCut) return
          wire.isCut = true
          relay.cut()
        },
      })
      if (wire.isCut) await relay.mend()
      if (!wire.isCut) {
        expect(line).toBeGreaterThan(4)
        expect([cut.code, served()]).toEqual([0, all(versionOf(latest))])
        break
      }
      expect([line, cut.signal, [0, 5, 6].includes(cut.code ?? -1)]).toEqual([line, null, true])
      if (cut.code === 6) {
        const recovered = await project.run(['recover', '--unwind'])
        expect([line, recovered.code, recovered.stderr]).toEqual([line, 0, ''])
        expect([line, claimed()]).toEqual([line, []])
      }
      expect([line, served()]).toEqual([line, all(cut.code === 0 ? versionOf(latest) : before!)])
      const again = await project.run(['apply', '--auto-approve', '--service', 'web'])
      expect([line, again.code, again.stderr]).toEqual([line, 0, ''])
      expect([line, served()]).toEqual([line, all(versionOf(latest))])
      // The claim of a deployment that had ended may be left on the host that was cut: a dead process's, in nobody's way.
      if (cut.code !== 0) expect([line, claimed()]).toEqual([line, []])
    }
  }, 300_000)

  test('a second operator, with another project and state, is refused and told who deploys', async () => {
    const other = await mkdtemp(join(tmpdir(), 'deployctl-other-'))
    try {
      await publish()
      for (const name of ['deploy.yaml', 'ssh_config', 'known_hosts', 'releases'])
        await cp(join(project.folder, name), join(other, name), { recursive: true })
      await project.configure({
        hosts: names,
        strategy: '{ type: rolling, batch: 2 }',
        target: `restart: { shell: 'touch /srv/begun; while test ! -e /srv/go; do sleep 0.1; done' }`,
      })
      const first = apply()
      const begunOn = (name: string) =>
        project.hosts.get(name)?.inside('test -e /srv/begun && echo yes || true')
      while ((await begunOn('web1')) !== 'yes\n') await sleep(50)
      const second = await deployctl(['apply', '--auto-approve'], { directory: other })
      expect(second.code).toBe(4)
      expect(second.stderr).toMatch(/\/srv\/web is being deployed to by \S+@\S+\s+\(deployment \w+\)/)
      const [, running = ''] = /\(deployment (\w+)\)/.exec(second.stderr) ?? []
      const alive = await deployctl(['unlock', running], { directory: other })
      expect([alive.code, claimed().length > 0]).toEqual([4, true])
      for (const host of project.hosts.values()) await host.inside('touch /srv/go')
      expect(await first).toMatchObject({ code: 0 })
      expect(served()).toEqual(all(versionOf(latest)))

      // what somebody has left whose machine is gone, nobody else can know of; a person does
      const claim = '/srv/web/.deployctl/claim'
      const place = { machineId: 'gone', bootId: 'gone', namespace: 'gone' }
      const left = {
        format: 1,
        deployment: 'feedc0de',
        by: 'bob@laptop',
        host: 'laptop',
        pid: 7,
        startedAt: '',
        place,
      }
      const text = JSON.stringify({ ...left, since: '2026-01-01T00:00:00Z' })
      for (const name of ['web1', 'web2'])
        await project.hosts.get(name)?.inside(`mkdir -p ${claim} && echo '${text}' >${claim}/left.json`)
      await publish()
      const refused = await apply()
      expect([refused.code, refused.stderr.replaceAll(/\s+/g, ' ')]).toEqual([
        4,
        expect.stringContaining('when it surely does not: deployctl unlock feedc0de'),
      ])
      const unlocked = await project.run(['unlock', 'feedc0de'])
      expect([unlocked.code, unlocked.stdout.replaceAll(/\s+/g, ' ')]).toEqual([
        0,
        expect.stringContaining('bob@laptop had it, from laptop'),
      ])
      expect(claimed()).toEqual([])
      expect((await apply()).code).toBe(0)
    } finally {
      await rm(other, { recursive: true, force: true })
    }
  })
})
