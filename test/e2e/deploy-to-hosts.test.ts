/** The built program deploys to real hosts over SSH: first, further, again, to others, and past those that fail. */
import { afterAll, beforeAll, expect } from 'vitest'
import { hostProject, type HostProject } from '../support/host-project.js'
import { describeWith, testWith } from '../support/needs.js'

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
