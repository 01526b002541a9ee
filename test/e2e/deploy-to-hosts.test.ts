/** The built program deploys to real hosts over SSH: first, further, again, to others, and past those that fail. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { hostProject, type HostProject } from '../support/host-project.js'
import { describeWith, testWith } from '../support/needs.js'
import { writeSshConfig } from '../support/ssh-host.js'

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
  whoami: { when: afterSwitch, service: web, each: host, at: host, directory: project, become: nobody, shell: 'id -un >/tmp/whoami' }
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

describeWith('ssh-hosts', 'a service that is not the same on its two hosts', () => {
  const test = testWith('ssh-hosts')
  let project: HostProject
  beforeAll(async () => {
    project = await hostProject(['web1', 'web2'])
    await project.release('1.0.0')
  })
  afterAll(() => project.end())

  test('each has its own, a change reaches the one it is about, and what a host lacks is said', async () => {
    const configure = (web2: string) =>
      project.configure({
        hosts: ['web1', 'web2'],
        path: '/srv/${host.name}',
        variables: { web2 },
        target: `restart: { shell: 'echo "\${host.variables.ROLE:-plain} $TOKEN" >>/srv/restarts' }`,
      })
    const run = (...words: string[]) => project.run(words, { env: { TOKEN: 'quite-secret' } })
    const restarts = (name: string) => project.hosts.get(name)!.inside('cat /srv/restarts; : >/srv/restarts')
    await configure('{ ROLE: primary, TOKEN: "${secret.TOKEN}" }')
    const first = await run('apply', '--auto-approve')
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect([project.serving('web1', '/srv/web1'), project.serving('web2', '/srv/web2')]).toEqual([
      '1.0.0',
      '1.0.0',
    ])
    expect([await restarts('web1'), await restarts('web2')]).toEqual(['plain \n', 'primary quite-secret\n'])

    await configure('{ ROLE: standby, TOKEN: "${secret.TOKEN}" }')
    const plan = await run('plan')
    expect(plan.stdout).toContain('what web2 has for restart is another now')
    expect(plan.stdout).toContain('web2: restart.shell: "echo \\"primary')
    expect(plan.stdout).not.toContain('on web1')
    expect((await run('apply', '--auto-approve')).code).toBe(0)
    expect([await restarts('web1'), await restarts('web2')]).toEqual(['', 'standby quite-secret\n'])
    expect((await run('plan', '--detailed-exitcode')).code).toBe(0)

    await project.configure({ hosts: ['web1'], path: '/srv/${host.variables.PLACE}' })
    const wrong = await run('plan')
    expect([wrong.code, wrong.stderr]).toEqual([
      3,
      expect.stringContaining('the host web1 has no variable "PLACE"'),
    ])
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

describeWith(
  'ssh-hosts',
  'a release for twenty hosts, of which one is down, one full and one fails to restart',
  () => {
    const test = testWith('ssh-hosts')
    const names = Array.from({ length: 20 }, (_, index) => `web${index + 1}`)
    const [down, full, broken] = ['web4', 'web11', 'web17'] as const
    let project: HostProject
    beforeAll(async () => {
      const small = 'mkdir -p /srv; mount -t tmpfs -o size=64m tmpfs /srv'
      project = await hostProject(names, (name) => (name === full ? { prepare: small } : {}))
      await project.release('1.0.0')
    })
    afterAll(() => project.end())
    const served = () => Object.fromEntries(names.map((name) => [name, project.serving(name)]))
    const configure = () =>
      project.configure({
        hosts: names,
        isSharing: true,
        strategy: '{ type: rolling, batch: 25%, maxFailures: 2, unreachable: skip }',
        target: `restart: { shell: 'test ! -e /srv/broken || test $DEPLOYCTL_VERSION = 1.0.0' }`,
      })
    const all = (version: string, others: object = {}) => ({
      ...Object.fromEntries(names.map((name) => [name, version])),
      ...others,
    })

    test('each ends as policy says, and everybody is told the truth', async () => {
      await configure()
      const first = await project.run(['apply', '--auto-approve'])
      expect([first.code, first.stderr]).toEqual([0, ''])
      expect(served()).toEqual(all('1.0.0'))

      await project.release('1.1.0', { 'big.bin': 'x'.repeat(600_000) })
      const port = project.ports.get(down) ?? 0
      project.ports.set(down, 1)
      await configure()
      await project.hosts.get(full)?.inside('dd if=/dev/zero of=/srv/fill bs=1k count=65300 2>/dev/null')
      await project.hosts.get(broken)?.inside('touch /srv/broken')
      const upgrade = await project.run(['apply', '--auto-approve'])
      const behind = { [down]: '1.0.0', [full]: '1.0.0', [broken]: '1.0.0' }
      expect([upgrade.code, served()]).toEqual([0, all('1.1.0', behind)])
      const said = upgrade.stdout.replaceAll(/\s+/g, ' ')
      expect(said).toContain(`${down} is left out: The host ${down} (root@127.0.0.1:1) cannot be used`)
      expect(said).toContain(`web v1.1.0 was not deployed on ${full}:`)
      expect(said).toContain(`web v1.1.0 was not deployed on ${broken}:`)

      const status = await project.run(['status'])
      expect(status.stdout).toContain('serves as recorded on 17 of 20 hosts')
      for (const name of Object.keys(behind)) expect(status.stdout).toMatch(new RegExp(`${name} +v1.0.0`))

      project.ports.set(down, port)
      await configure()
      await project.hosts.get(full)?.inside('rm /srv/fill')
      const plan = await project.run(['plan'])
      for (const name of Object.keys(behind)) expect(plan.stdout).toContain(`${name} still has v1.0.0`)
      expect(plan.stdout).toContain(`stage  web v1.1.0 on ${down}, ${full}, ${broken}`)
      const still = await project.run(['apply', '--auto-approve'])
      expect([still.code, served()]).toEqual([0, all('1.1.0', { [broken]: '1.0.0' })])
      await project.hosts.get(broken)?.inside('rm /srv/broken')
      expect((await project.run(['apply', '--auto-approve'])).code).toBe(0)
      expect(served()).toEqual(all('1.1.0'))
      expect((await project.run(['plan', '--detailed-exitcode'])).code).toBe(0)
      expect(names.filter((name) => project.claims(name))).toEqual([])
    })
  },
)

describeWith('ssh-hosts', 'the example of several hosts', () => {
  const test = testWith('ssh-hosts')
  const names = ['web1', '10.0.1.2', '10.0.1.3', '10.0.1.4']
  let project: HostProject
  beforeAll(async () => {
    project = await hostProject(names)
  })
  afterAll(() => project.end())

  test('goes to its hosts as it is written, by way of an ssh_config that knows where they are', async () => {
    const written = await readFile(join(import.meta.dirname, '../../examples/fleet/deploy.yaml'), 'utf8')
    await writeFile(
      join(project.folder, 'deploy.yaml'),
      `${written.replace('wait: 10s', 'wait: 100ms')}ssh: { config: ssh_config }\n`,
    )
    const aliases = [...project.ports].flatMap(([name, port]) => [
      `Host ${name === 'web1' ? '10.0.1.1' : name}`,
      '  HostName 127.0.0.1',
      `  Port ${port}`,
    ])
    await writeSshConfig(project.folder, [...project.ports.values()], aliases)
    for (const name of names) await project.hosts.get(name)?.inside(deployUser)
    for (const version of ['1.0.0', '1.1.0']) {
      await project.release(version)
      const applied = await project.run(['apply', '--auto-approve'])
      expect([applied.code, applied.stderr]).toEqual([0, ''])
      expect(names.map((name) => project.serving(name, '/srv/site'))).toEqual(names.map(() => version))
    }
  })
})

/** As one would make it: a user who may write to the place and nothing else. */
const deployUser = "useradd -m -p '*' deploy; mkdir -p /srv/site; chown deploy /srv/site"

describeWith('ssh-hosts', 'a service on hosts that are not easy', () => {
  const test = testWith('ssh-hosts')
  const place = `/srv/it's a "web" $HOME`
  const users = { web1: 'root', web2: 'fish', web3: 'csh', web4: 'root' }
  const names = Object.keys(users)
  const noise = `echo 'echo noise; echo noise >&2; PS1="\\$(date) "; export PS1' > /root/.bashrc`
  const account = (name: string, shell: string): string =>
    `useradd -m -s ${shell} ${name}; passwd -d ${name} >/dev/null; chown ${name} /srv`
  const prepare: Readonly<Record<string, string>> = {
    web1: `${noise}; cp /root/.bashrc /root/.profile; mount -t tmpfs -o noexec,mode=1777 tmpfs /tmp`,
    web2: account('fish', '/usr/bin/fish'),
    web3: account('csh', '/bin/tcsh'),
    web4: '',
  }
  let project: HostProject
  beforeAll(async () => {
    project = await hostProject(names, (name) => ({
      kind: name === 'web4' ? 'busybox' : 'debian',
      prepare: prepare[name] ?? '',
    }))
    const target = `shared: ["log dir/"], restart: { command: [sh, -c, 'echo "$PWD" >>"$0"', "../../it's restarted"] }`
    await project.configure({
      hosts: names,
      users,
      path: place,
      target,
      strategy: '{ type: rolling, batch: 100% }',
    })
    await project.release('1.0.0', { "a 'b' $c/d e.txt": 'one', 'log dir/first': 'shipped' })
  })
  afterAll(() => project.end())
  const served = (): readonly (string | null)[] => names.map((name) => project.serving(name, place))
  const apply = (): ReturnType<HostProject['run']> => project.run(['apply', '--auto-approve'])

  test('noise, other shells, quotes and a /tmp that runs nothing: it comes, moves on and goes back', async () => {
    const first = await apply()
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(served()).toEqual(['1.0.0', '1.0.0', '1.0.0', '1.0.0'])
    await project.release('1.1.0', { "a 'b' $c/d e.txt": 'two' })
    expect((await apply()).code).toBe(0)
    expect(served()).toEqual(['1.1.0', '1.1.0', '1.1.0', '1.1.0'])
    expect((await project.run(['rollback', '--auto-approve'])).code).toBe(0)
    for (const name of names) {
      const there = await project.hosts.get(name)?.inside(`cd '${place.replaceAll("'", `'\\''`)}'
        cat "current/a 'b' \\$c/d e.txt" "shared/log dir/first"; wc -l <"it's restarted"`)
      expect(there?.replaceAll(/\s+/g, ' ')).toBe('oneshipped3 ')
    }
    expect((await project.run(['plan', '--detailed-exitcode'])).code).toBe(0)
  })
})
