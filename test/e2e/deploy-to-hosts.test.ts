/** The built program deploys to real hosts over SSH: first, further, again, to others, and past those that fail. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { hostProject, type HostProject } from '../support/host-project.js'
import { describeWith, testWith } from '../support/needs.js'

describeWith('ssh-hosts', 'hooks of a service on hosts', () => {
  const test = testWith('ssh-hosts')
  let project: HostProject
  beforeAll(async () => {
    project = await hostProject(['web1', 'web2'])
    await project.release('1.0.0', { 'bin/ready': 'exit 0' })
  })
  afterAll(() => project.end())

  test('run where they are told to, for each host or once, around its switch; and are reverted with it', async () => {
    const log = join(project.folder, 'log')
    const here = (name: string, when: string) =>
      `  ${name}: { when: ${when}, service: web, each: host, at: controller, shell: 'echo ${name} $DEPLOYCTL_HOST >>${log}', revert: { shell: 'echo un${name} $DEPLOYCTL_HOST >>${log}' } }`
    await project.configure({
      hosts: ['web1', 'web2'],
      strategy: '{ type: rolling, batch: 1, maxFailures: 1 }',
      more: `hooks:
${here('out', 'beforeSwitch')}
  migrate: { when: beforeSwitch, service: web, shell: 'echo "$DEPLOYCTL_HOST $PWD" >>/srv/migrated' }
  ready: { when: afterSwitch, service: web, each: host, run: [sh, bin/ready] }
  whoami: { when: afterSwitch, service: web, each: host, become: nobody, shell: 'id -un >/tmp/whoami' }
${here('in', 'afterSwitch')}
`,
    })
    const plan = await project.run(['plan'])
    expect(plan.stdout).toContain('out for web2: echo out')
    expect(plan.stdout).toContain('whoami on web1: id -un')
    const first = await project.run(['apply', '--auto-approve'])
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(await readFile(log, 'utf8')).toBe('out web1\nin web1\nout web2\nin web2\n')
    const [web1, web2] = [project.hosts.get('web1')!, project.hosts.get('web2')!]
    expect(await web1.inside('cat /srv/migrated')).toMatch(/^web1 \/srv\/web\/releases\/1\.0\.0-\w+\n$/)
    expect(await web2.inside('ls /srv')).not.toContain('migrated')
    expect(await web2.inside('cat /tmp/whoami')).toBe('nobody\n')

    await rm(log)
    await project.release('1.1.0', { 'bin/ready': 'test "$DEPLOYCTL_HOST" = web1' })
    await project.run(['apply', '--auto-approve'])
    expect([project.serving('web1'), project.serving('web2')]).toEqual(['1.1.0', '1.0.0'])
    expect(await readFile(log, 'utf8')).toBe('out web1\nin web1\nout web2\nunout web2\n')
  })
})

describeWith('ssh-hosts', 'a service on three hosts', () => {
  const test = testWith('ssh-hosts')
  let project: HostProject
  beforeAll(async () => {
    project = await hostProject(['web1', 'web2', 'web3'], (name) => ({
      kind: name === 'web2' ? 'busybox' : 'debian',
    }))
    await project.release('1.0.0')
  })
  afterAll(() => project.end())
  const served = () => ['web1', 'web2', 'web3'].map((name) => project.serving(name))
  const apply = () => project.run(['apply', '--auto-approve'])

  test('it comes to the hosts it is told to, and only what differs is done', async () => {
    await project.configure({ hosts: ['web1', 'web2'] })
    const first = await apply()
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(served()).toEqual(['1.0.0', '1.0.0', null])
    expect((await project.run(['plan', '--detailed-exitcode'])).code).toBe(0)

    await project.configure({ hosts: ['web2', 'web3'], strategy: '{ type: rolling, batch: 100% }' })
    const other = await project.run(['plan'])
    expect(other.stdout).toContain('web3 is new among its hosts')
    expect(other.stdout).toContain('web1 is no longer among its hosts')
    expect(other.stdout).not.toContain('on web2')
    expect((await apply()).code).toBe(0)
    expect(served()).toEqual([null, '1.0.0', '1.0.0'])

    await project.configure({ hosts: ['web1', 'web2', 'web3'] })
    await project.release('1.1.0')
    expect((await apply()).code).toBe(0)
    expect(served()).toEqual(['1.1.0', '1.1.0', '1.1.0'])
    const status = await project.run(['status'])
    expect(status.stdout).toContain('serves on all 3 hosts, as recorded')
    expect((await project.run(['rollback', '--auto-approve'])).code).toBe(0)
    expect(served()).toEqual(['1.0.0', '1.0.0', '1.0.0'])
    expect(['web1', 'web2', 'web3'].map((name) => project.claims(name))).toEqual([false, false, false])
  })
})
