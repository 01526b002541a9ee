/** The built program takes over two hosts that somebody else deployed to, while they serve, and goes on from there. */
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { freePort } from '../contract/loopback.js'
import { hostProject, type HostProject } from '../support/host-project.js'
import { describeWith, testWith } from '../support/needs.js'

describeWith('ssh-hosts', 'adoption of two hosts', () => {
  const test = testWith('ssh-hosts')
  let project: HostProject
  let port: number
  beforeAll(async () => {
    port = await freePort()
    const capistrano = `mkdir -p /srv/web/releases/20260101 /srv/web/shared/log; cd /srv/web
      echo old >releases/20260101/index.html; echo abc >releases/20260101/REVISION; echo line >shared/log/app.log
      ln -s /srv/web/shared/log releases/20260101/log; ln -s /srv/web/releases/20260101 current`
    const plain = `mkdir -p /srv/web/log; echo old >/srv/web/index.html; echo line >/srv/web/log/app.log
      busybox httpd -p 127.0.0.1:${port} -h /srv/web`
    project = await hostProject(['web1', 'web2'], (name) =>
      name === 'web1' ? { prepare: capistrano } : { kind: 'busybox', prepare: plain },
    )
  })
  afterAll(() => project.end())

  test('they serve all the while, lose nothing, and are deployed to like any other', async () => {
    await project.configure({ hosts: ['web1', 'web2'] })
    const place = (name: string) => `root@127.0.0.1:${project.ports.get(name) ?? 0}:/srv/web`
    const words = ['--ssh-config', 'ssh_config', '--', place('web1'), place('web2')]
    const looked = await project.run(['adopt', ...words])
    expect([looked.code, looked.stderr]).toEqual([0, ''])
    expect(looked.stdout).toContain('current leads to /srv/web/releases/20260101, one of 1 release')
    expect(looked.stdout).toContain('shared: [log/]')

    const serving = { isOver: false, answers: 0, failures: 0 }
    const asking = (async () => {
      while (!serving.isOver) {
        const text = await fetch(`http://127.0.0.1:${port}/index.html`).then(
          (answer) => answer.text(),
          () => '',
        )
        serving.answers++
        if (text !== 'old\n') serving.failures++
      }
    })()
    const adopted = await project.run(['adopt', '--auto-approve', ...words])
    expect([adopted.code, adopted.stderr]).toEqual([0, ''])

    await project.release('2.0.0')
    const target = 'shared: [log/]'
    const check = (words: string) =>
      `healthChecks: { fine: { type: command, ${words}, timeout: 1s, interval: 100ms, deadline: 2s } }`
    await project.configure({ hosts: ['web1', 'web2'], target, more: check('shell: exit 1') })
    expect((await project.run(['apply', '--auto-approve'])).code).toBe(5)
    const link = (name: string) => readlinkSync(join(project.hosts.get(name)?.root ?? '', 'srv/web/current'))
    expect([link('web1'), link('web2')]).toEqual(['/srv/web/releases/20260101', 'releases/adopted'])

    await project.configure({
      hosts: ['web1', 'web2'],
      target,
      more: check('run: [grep, -q, line, log/app.log]'),
    })
    const applied = await project.run(['apply', '--auto-approve', '--service', 'web'])
    serving.isOver = true
    await asking
    expect([applied.code, applied.stderr]).toEqual([0, ''])
    expect([project.serving('web1'), project.serving('web2')]).toEqual(['2.0.0', '2.0.0'])
    expect(serving).toMatchObject({ failures: 0 })
    expect(serving.answers).toBeGreaterThan(10)
    expect(
      await project.hosts
        .get('web1')
        ?.inside('cd /srv/web; cat releases/20260101/index.html current/log/app.log'),
    ).toBe('old\nline\n')
    expect(
      await project.hosts
        .get('web2')
        ?.inside('cd /srv/web; cat index.html log/app.log releases/adopted/index.html current/log/app.log'),
    ).toBe('old\nline\nold\nline\n')
  })
})
