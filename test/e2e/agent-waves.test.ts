/** Five agents of the built program share a lease: no more than so many deploy at once, and none before its canary is well. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { agentChild, type AgentChild } from '../support/agent-child.js'
import { cephBucket } from '../support/ceph-bucket.js'
import { testWith } from '../support/needs.js'
import { tinyProject, tinyYaml, type TinyProject } from '../support/tiny-project.js'

const hosts = ['app-1', 'app-2', 'app-3', 'app-4', 'app-5'] as const
const maxParallel = 2
const yaml = (lease: string, more: { readonly maxParallel: number; readonly canaries: string }): string =>
  tinyYaml({
    releases: '../releases',
    deadline: '1s',
    agent: `
  interval: 1s
  retry: { tries: 1 }
  waves:
    lease: ${lease}
    host: '\${env.HOST_NAME}'
    maxParallel: ${more.maxParallel}
    canaries: ${more.canaries}
    expiry: 5s`,
  })
/** Whoever restarts says when it begins and ends, in a file that all share. */
const restart = (line: string) => `echo "+ $HOST_NAME" >> ../../../../../log
sleep 0.5
${line}
echo "- $HOST_NAME" >> ../../../../../log
`
let project: TinyProject
const agents = new Map<string, AgentChild>()

async function prepare(text: string): Promise<void> {
  project = await tinyProject(text)
  for (const host of hosts) {
    await mkdir(join(project.folder, host))
    await writeFile(join(project.folder, host, 'deploy.yaml'), text)
  }
}
afterEach(async () => {
  for (const { child } of agents.values()) child.kill('SIGKILL')
  agents.clear()
  await project.remove()
})

function start(host: string): AgentChild {
  const agent = agentChild(join(project.folder, host), { HOST_NAME: host })
  agents.set(host, agent)
  return agent
}
const serving = (host: string) =>
  readFile(join(project.folder, host, 'srv/web/shared/data/serving'), 'utf8').catch(() => '')
const serve = async (version: string, ...which: string[]) => {
  const texts = await Promise.all(which.map(serving))
  return texts.every((text) => text === `page of ${version}\n`)
}
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < 90_000; waitedMs += 100) {
    if (await isSo()) return
    await sleep(100)
  }
  throw new Error(`it never came to this: ${what}`)
}

testWith('ceph-rgw')(
  'over S3: never more than maxParallel at once; a failing canary leaves the others untouched; one that dies goes on when it is back',
  async () => {
    await prepare(yaml(JSON.stringify(await cephBucket()), { maxParallel, canaries: '[app-1]' }))
    await project.release('1.0.0', { 'restart.sh': restart('cat page.txt > data/serving') })
    for (const host of hosts) start(host)
    await until('all serve v1.0.0', () => serve('1.0.0', ...hosts))
    const log = (await readFile(join(project.folder, 'log'), 'utf8')).trim().split('\n')
    expect(log.slice(0, 2)).toEqual(['+ app-1', '- app-1'])
    let [now, most] = [0, 0]
    for (const line of log) most = Math.max(most, (now += line.startsWith('+') ? 1 : -1))
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(maxParallel)

    await project.release('1.1.0', {
      'restart.sh': restart('cat page.txt > data/serving'),
      'check.sh': 'exit 1\n',
    })
    await agents.get('app-1')!.line('web v1.1.0 failed once and is held')
    for (const host of hosts.slice(1)) await agents.get(host)!.line('web v1.1.0 is held on app-1')
    const later = (await readFile(join(project.folder, 'log'), 'utf8')).trim().split('\n').slice(log.length)
    expect(new Set(later.map((line) => line.slice(2)))).toEqual(new Set(['app-1']))
    expect(await serve('1.0.0', ...hosts)).toBe(true)

    // the canary dies in the middle, with its slot; whoever is next waits for it to come back, not for its slot
    await project.release('1.2.0', {
      'restart.sh': restart('[ -e data/go ] || { touch data/go; sleep 60; }; cat page.txt > data/serving'),
    })
    const half = join(project.folder, 'app-1', 'srv/web/shared/data/go')
    await until('the canary is half done', () =>
      readFile(half).then(
        () => true,
        () => false,
      ),
    )
    await agents.get('app-1')!.end('SIGKILL')
    for (const host of hosts.slice(1))
      await writeFile(join(project.folder, host, 'srv/web/shared/data/go'), '')
    await start('app-1').line('recovered by resume: applied')
    await until('all serve v1.2.0', () => serve('1.2.0', ...hosts))
    for (const host of hosts) expect(await agents.get(host)!.end('SIGTERM')).toBe(0)
  },
  180_000,
)

test(
  'over a folder: a holder that stood still for too long does not go on; another one deploys, and it goes back',
  { timeout: 120_000 },
  async () => {
    await prepare(yaml('{ type: folder, path: ../shared }', { maxParallel: 1, canaries: '[]' }))
    const first = start('app-1')
    await first.line('web v1.0.0 is deployed')
    await project.release('1.1.0', {
      'restart.sh':
        'if [ "$HOST_NAME" = app-1 ]; then touch data/begun; sleep 60; fi; cat page.txt > data/serving\n',
    })
    const begun = join(project.folder, 'app-1', 'srv/web/shared/data/begun')
    await until('app-1 is half done', () =>
      readFile(begun).then(
        () => true,
        () => false,
      ),
    )
    first.child.kill('SIGSTOP')
    const second = start('app-2')
    await second.line('app-1 deploys now, and no more than 1 may at once')
    await until('app-2 serves v1.1.0', () => serve('1.1.0', 'app-2'))
    first.child.kill('SIGCONT')
    await first.line('undoing: the slot of this host was lost')
    await until('app-1 is back', () => serve('1.0.0', 'app-1'))
    expect(first.lines().some(({ msg }) => msg === 'web v1.1.0 is deployed')).toBe(false)
    for (const agent of [first, second]) expect(await agent.end('SIGTERM')).toBe(0)
  },
)
