/** Server mode with `supervisor: systemd`: the built program on a real systemd, under a load that must not lose a request. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { cliPath } from '../support/built-cli.js'
import { addressOf, testWith } from '../support/needs.js'
import { goodApp } from '../support/process-bench.js'
import { processYaml } from '../support/process-project.js'
import { tinyProject } from '../support/tiny-project.js'

const preload = join(import.meta.dirname, '..', 'support', 'kill-at-write.cjs')

/** Asks over kept and over fresh connections until the file `over` is there; prints who answered, and what went wrong. */
const client = (port: number): string => `
import { existsSync } from 'node:fs'
import { Agent, request } from 'node:http'
const seen = {}, kept = new Agent({ keepAlive: true, maxSockets: 1 })
const ask = (agent, path) => new Promise((resolve) => {
  const asked = request({ host: '127.0.0.1', port: ${port}, path, agent }, (response) => {
    let body = ''
    response.on('data', (chunk) => (body += chunk))
    response.on('end', () => resolve(response.statusCode === 200 ? body : 'status ' + response.statusCode))
  })
  asked.on('error', (error) => resolve(error.code === 'ECONNRESET' && asked.reusedSocket ? ask(agent, path) : error.message))
  asked.end()
})
const loop = async (agent, path) => {
  while (!existsSync('over')) {
    const answer = await ask(agent, path)
    seen[answer] = (seen[answer] ?? 0) + 1
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
await Promise.all([loop(kept, '/'), loop(false, '/'), loop(false, '/'), loop(false, '/slow')])
console.log(JSON.stringify(seen))
`
const systemdYaml = (port: number): string =>
  processYaml(port)
    .replace(process.execPath, 'node') // which lies elsewhere there
    .replace('path: srv', 'path: srv\n      supervisor: systemd')

interface Ended {
  readonly code: number
  readonly out: string
}

/** A project that lies where the systemd host sees it, and commands that run there. */
async function projectThere(
  port: number,
  as: readonly string[] = [],
  env: readonly string[] = ['HOME=/root'],
) {
  const host = JSON.parse(addressOf('systemd-host')) as {
    readonly enter: readonly string[]
    readonly shared: string
  }
  const project = await tinyProject(systemdYaml(port))
  const folder = await mkdtemp(join(host.shared, 'process-'))
  const run = (words: readonly string[], more: readonly string[] = [], who = as): Promise<Ended> =>
    new Promise((done) => {
      const clean = [
        'env',
        '-i',
        '-C',
        folder,
        'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin',
        ...env,
        ...more,
      ]
      const [program = '', ...rest] = [...host.enter, ...clean, ...who, ...words]
      execFile(program, rest, (error, stdout, stderr) =>
        done({ code: error === null ? 0 : Number(error.code ?? -1), out: `${stdout}${stderr}` }),
      )
    })
  await rm(join(project.folder, 'releases'), { recursive: true })
  await cp(project.folder, folder, { recursive: true })
  return {
    folder,
    run,
    root: (script: string) => run(['sh', '-c', script], [], []),
    deployctl: (line: string, more: readonly string[] = []) =>
      run(['node', cliPath, ...line.split(' ')], more),
    release: async (version: string, app = goodApp(version)) => {
      await mkdir(join(folder, 'releases', `v${version}`), { recursive: true })
      await writeFile(join(folder, 'releases', `v${version}`, 'server.mjs'), app)
    },
    remove: async () => {
      await project.remove()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

testWith('systemd-host')(
  'releases come, fail, are killed half way and go back, and no request is lost',
  async () => {
    const { folder, run, root, deployctl, release, remove } = await projectThere(8473)
    try {
      await release('1.0.0')
      await writeFile(join(folder, 'client.mjs'), client(8473))
      expect(await deployctl('apply --auto-approve')).toMatchObject({ code: 0 })
      const asking = run(['node', 'client.mjs'])

      await release('1.1.0')
      expect(await deployctl('apply --auto-approve')).toMatchObject({ code: 0 })

      await release(
        '1.2.0',
        goodApp('1.2.0').replace('const answer = ', 'response.statusCode = 500\n  const answer = '),
      )
      const unhealthy = await deployctl('apply --auto-approve')
      expect(unhealthy.code).toBe(5)
      expect(unhealthy.out).toContain('api v1.1.0 serves as before')

      await release('1.3.0')
      // the switch has been done, and is not written down yet
      const switched = [`NODE_OPTIONS=--require=${preload}`, 'KILL_AT=25']
      expect((await deployctl('apply --auto-approve', switched)).code).toBe(-1)
      expect(await readlink(join(folder, 'srv', 'current'))).toContain('1.3.0')
      expect(await deployctl('recover --resume')).toMatchObject({ code: 0 })
      expect((await deployctl('status')).out).toContain('1.3.0')

      expect(await deployctl('rollback --auto-approve')).toMatchObject({ code: 0 })
      expect((await deployctl('plan')).out).toContain('nothing to do')
      expect((await deployctl('logs api --tail 5')).code).toBe(0)

      await writeFile(join(folder, 'over'), '')
      const { out } = await asking
      expect(Object.keys(JSON.parse(out) as object).sort()).toEqual(['1.0.0', '1.1.0', '1.3.0'])
    } finally {
      await writeFile(join(folder, 'over'), '')
      await root(
        `systemctl stop 'deployctl-*'; rm -rf /etc/systemd/system/deployctl-* /etc/systemd/system/*.wants/deployctl-*; systemctl reset-failed 'deployctl-*'`,
      )
      await remove()
    }
  },
)

testWith('systemd-host')('who is not root deploys to a systemd of their own', async () => {
  const id = 4711
  const as = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups']
  const { folder, run, root, deployctl, release, remove } = await projectThere(8474, as, ['HOME=/home/own'])
  // the host has no logins, which would tell that systemd where its folder is
  const setUp = `groupadd -g ${id} own; useradd -m -u ${id} -g ${id} own; chown -R own: ${folder}
mkdir -p /run/systemd/system/user@${id}.service.d
printf '[Service]\nPAMName=\nEnvironment=XDG_RUNTIME_DIR=/run/user/%%i\n' > /run/systemd/system/user@${id}.service.d/own.conf
systemctl daemon-reload; systemctl start user@${id}`
  const ask = () =>
    run(['node', '-e', `fetch('http://127.0.0.1:8474').then((a) => a.text()).then(console.log)`])
  try {
    await release('1.0.0')
    expect(await root(setUp)).toMatchObject({ code: 0 })
    expect(await deployctl('apply --auto-approve')).toMatchObject({ code: 0 })
    await release('1.1.0')
    expect(await deployctl('apply --auto-approve')).toMatchObject({ code: 0 })
    expect((await ask()).out).toBe('1.1.0\n')
    expect((await root('ls /home/own/.config/systemd/user')).out).toContain('.socket')
    expect((await root('ls /etc/systemd/system')).out).not.toContain('deployctl-api')
  } finally {
    await root(`systemctl stop user@${id}; userdel -r own; rm -r /run/systemd/system/user@${id}.service.d`)
    await remove()
  }
})
