/** What is in packaging/, used as docs/agent-setup.md says: a unit of systemd, an image, and the rotation of a log. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, vi } from 'vitest'
import { callEngine, askEngine } from '../support/containers/engine-api.js'
import { sharedEngine, uniqueName } from '../support/containers/engine.js'
import { addressOf, testWith } from '../support/needs.js'
import { tinyProject } from '../support/tiny-project.js'

const root = join(import.meta.dirname, '..', '..')
const packaging = join(root, 'packaging')
const patience = { timeout: 60_000, interval: 250 }
const yaml = (target: string, more = '') => `version: 1
project: tiny
defaultEnvironment: local
sources:
  web: { type: directory, path: releases, pattern: 'v{version}' }
services:
  web: { source: web, target: { type: directory, path: ${target} } }
agent: { interval: 1s }
environments: { local: {} }
${more}`

testWith('systemd-host')(
  'the unit deploys, is hardened, comes back when it is killed, and reloads',
  async () => {
    const { enter } = JSON.parse(addressOf('systemd-host')) as { readonly enter: readonly string[] }
    const run = (script: string): Promise<string> => {
      const [program, ...words] = [...enter, 'env', '-i', 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']
      return new Promise((done, failed) => {
        execFile(program, [...words, 'sh', '-ec', script], (error, stdout, stderr) =>
          error === null ? done(stdout) : failed(new Error(`${script}\n${stdout}${stderr}`)),
        )
      })
    }
    const log = () => run('journalctl -u deployctl-agent@tiny -o cat')
    const said = async (text: string, times = 1) =>
      vi.waitFor(
        async () => expect((await log()).split(text).length - 1).toBeGreaterThanOrEqual(times),
        patience,
      )
    const release = (version: string) =>
      run(`cd /var/lib/deployctl/tiny; mkdir -p releases/v${version}; echo page of ${version} > releases/v${version}/page.txt
chown -R deployctl: .`)
    try {
      // /tmp is another one for the unit: the program lies where it would be installed
      await run(`useradd --system --home-dir /var/lib/deployctl --shell /usr/sbin/nologin deployctl
mkdir -p /usr/local/lib/deployctl /etc/deployctl /var/lib/deployctl/tiny /srv/web
chown deployctl: /srv/web
cp -r ${root}/dist ${root}/package.json /usr/local/lib/deployctl/
ln -sf /usr/local/lib/deployctl/dist/deployctl.cjs /usr/local/bin/deployctl
cp ${packaging}/systemd/deployctl-agent@.service /etc/systemd/system/
echo 'AGENT_OPTIONS=--env local' > /etc/deployctl/tiny.env
cat > /var/lib/deployctl/tiny/deploy.yaml <<'END'
${yaml('/srv/web')}END
systemctl daemon-reload`)
      await release('1.0.0')
      await run('systemctl enable --now deployctl-agent@tiny')
      await said('web v1.0.0 is deployed')
      expect(await run('cat /srv/web/current/page.txt')).toBe('page of 1.0.0\n')
      // below 3.0 of 10; what is left is the network, and the files of its user
      await run('systemd-analyze security --no-pager --threshold=30 deployctl-agent@tiny')
      expect(
        await run(
          'cd /; runuser -u deployctl -- deployctl agent status --file /var/lib/deployctl/tiny/deploy.yaml',
        ),
      ).toContain('mode auto')

      await run('systemctl kill --kill-whom=main -s KILL deployctl-agent@tiny')
      await release('1.1.0')
      await said('the agent has started', 2)
      await said('web v1.1.0 is deployed')
      await run('systemctl reload deployctl-agent@tiny')
      await said('deploy.yaml is read again')
      await run('systemctl stop deployctl-agent@tiny')
      expect(await run('systemctl show -p Result --value deployctl-agent@tiny')).toBe('success\n')
      expect(await run('cat /srv/web/current/page.txt')).toBe('page of 1.1.0\n')
    } finally {
      await run(
        'systemctl disable --now deployctl-agent@tiny; rm -rf /var/lib/deployctl /srv/web; userdel deployctl',
      ).catch(() => undefined)
    }
  },
)

testWith('docker-engine')(
  'the image deploys as a user of its own, and takes up what it left when it was killed',
  async () => {
    const engine = sharedEngine()
    const name = uniqueName(engine, 'agent')
    const scratch = await mkdtemp(join(tmpdir(), 'deployctl-image-'))
    const hook = `hooks:
  slowly: { when: beforeSwitch, service: web, run: [node, hook.cjs], directory: project }
`
    const project = await tinyProject(yaml('srv/web', hook))
    const call = (method: string, path: string, sent: Parameters<typeof callEngine>[3] = {}) =>
      callEngine(engine.socket, method, path, sent)
    const served = () => readFile(join(project.target, 'current', 'page.txt'), 'utf8').catch(() => '')
    const logOf = async () =>
      (await call('GET', `/containers/${name}/logs?stdout=1&stderr=1`)).body.toString()
    try {
      // this machine's Node stands for the image that the recipe begins with
      const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/\/\S+/g) ?? []
      const base = execFileSync(
        'tar',
        [
          '-chf',
          '-',
          '--transform',
          's|^.*bin/node$|usr/bin/node|',
          process.execPath,
          '/bin/sh',
          ...libraries,
        ],
        {
          stdio: ['ignore', 'pipe', 'ignore'],
          maxBuffer: 2 ** 30,
        },
      )
      await call('POST', `/images/create?fromSrc=-&repo=${name}&tag=node`, { body: base })
      const installed = join(scratch, 'app', 'node_modules', 'deployctl')
      await cp(join(root, 'dist'), join(installed, 'dist'), { recursive: true })
      await cp(join(root, 'package.json'), join(installed, 'package.json'))
      await cp(join(packaging, 'container', 'Dockerfile'), join(scratch, 'Dockerfile'))
      const context = execFileSync('tar', ['-cf', '-', '-C', scratch, '.'], { maxBuffer: 2 ** 30 })
      const settings = encodeURIComponent(JSON.stringify({ NODE: `${name}:node` }))
      await call('POST', `/build?t=${name}:agent&buildargs=${settings}`, { body: context })

      await writeFile(
        join(project.folder, 'hook.cjs'),
        `if (require('node:fs').existsSync('slow')) setTimeout(() => undefined, 60_000)\n`,
      )
      execFileSync('chown', ['-R', '1000:1000', project.folder])
      await chmod(project.folder, 0o755)
      const host = { Binds: [`${project.folder}:/work`], NetworkMode: 'none', PidMode: 'host', Init: true }
      const labels = { 'deployctl-tests': engine.run }
      const body = { Image: `${name}:agent`, Hostname: 'agent', HostConfig: host, Labels: labels }
      await call('POST', `/containers/create?name=${name}`, { body })
      await call('POST', `/containers/${name}/start`)
      await vi
        .waitFor(async () => expect(await served()).toBe('page of 1.0.0\n'), patience)
        .catch(async (error: unknown) => {
          throw new Error(await logOf(), { cause: error })
        })

      await writeFile(join(project.folder, 'slow'), '')
      await project.release('1.1.0')
      // begun and done for v1.0.0, and begun for this one
      const hooks = async () => (await logOf()).split('hook slowly').length - 1
      await vi.waitFor(async () => expect(await hooks()).toBe(3), patience)
      await call('POST', `/containers/${name}/kill`)
      await rm(join(project.folder, 'slow'))
      await call('POST', `/containers/${name}/start`)
      await vi.waitFor(async () => expect(await logOf()).toContain('recovered by resume: applied'), patience)
      expect(await served()).toBe('page of 1.1.0\n')
      await call('POST', `/containers/${name}/stop?t=30`)
      const { State } = (await askEngine(engine.socket, `/containers/${name}/json`)) as {
        State: { ExitCode: number }
      }
      expect(State.ExitCode).toBe(0)
    } finally {
      await call('DELETE', `/containers/${name}?force=1`).catch(() => undefined)
      for (const tag of ['agent', 'node'])
        await call('DELETE', `/images/${name}:${tag}`).catch(() => undefined)
      await project.remove()
      await rm(scratch, { recursive: true, force: true })
    }
  },
)

testWith('logrotate')('a log that is rotated goes on where it was cut, and no line is torn', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-rotation-'))
  const file = join(folder, 'shop.log')
  const recipe = await readFile(join(packaging, 'logrotate', 'deployctl-agent'), 'utf8')
  await writeFile(join(folder, 'recipe'), recipe.replace('/var/log/deployctl/*.log', file))
  await chmod(join(folder, 'recipe'), 0o644)
  const writer = `let line = 0; setInterval(() => console.log(JSON.stringify({ line: line++ })), 5)`
  const child = spawn('sh', ['-c', `exec "${process.execPath}" -e "${writer}" >> "${file}"`], {
    stdio: 'ignore',
  })
  try {
    await mkdir(join(folder, 'state'))
    await sleep(500)
    execFileSync('logrotate', ['--force', '--state', join(folder, 'state', 'status'), join(folder, 'recipe')])
    await sleep(300)
    const names = (await readdir(folder)).filter((name) => name.startsWith('shop.log'))
    expect(names.sort()).toEqual(['shop.log', 'shop.log.1'])
    const numbers = async (name: string) =>
      (await readFile(join(folder, name), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { line: number }).line)
    const [before, after] = [await numbers('shop.log.1'), await numbers('shop.log')]
    expect(before.length).toBeGreaterThan(10)
    expect(after[0]).toBeGreaterThan(before.at(-1)!)
  } finally {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
})
