/**
 * `npx tsx bench/hosts/run.ts [1 20 100]`: a release of 200 files and 2 MB to so many hosts with real sshd, on this machine:
 * deployctl beside the floor, a parallel loop of `ssh HOST 'tar xz; ln -s; mv -T'`, and Ansible where it is installed. And
 * what a deployment costs that changes nothing. Needs root on Linux, as the tests with hosts do.
 */
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { cli, userCacheIn } from '../measure.js'
import { openGround, type Ground } from './ground.js'

interface Contender {
  readonly name: string
  /** Brings this version to all hosts. */
  deploy(ground: Ground, version: string): Promise<readonly string[]>
}

/** As many at once as the others have. */
const atOnce = 10

const deployctl: Contender = {
  name: 'deployctl',
  async deploy({ folder, names, sshConfig }, version) {
    const hosts = names.map((name) => `    - ${name}`).join('\n')
    const yaml = `version: 1
project: bench
defaultEnvironment: all
parallelism: ${atOnce}
sources: { web: { type: directory, path: releases, pattern: 'v{version}' } }
services:
  web:
    source: web
    version: ${version}
    target: { type: directory, path: /srv/ours, hosts: all, keepReleases: 5 }
    strategy: { type: rolling, batch: 100% }
ssh: { config: ${sshConfig}, startsAtOnce: ${atOnce} }
hosts:
  all:
${hosts}
environments: { all: {} }
`
    await writeFile(join(folder, 'deploy.yaml'), yaml)
    return [process.execPath, cli, 'apply', '--auto-approve', '--quiet']
  },
}

const floor: Contender = {
  name: 'ssh | tar, ln, mv',
  deploy({ folder, names, sshConfig }, version) {
    const remote = `mkdir -p /srv/floor/${version} && tar xzf - -C /srv/floor/${version} && ln -s ${version} /srv/floor/next && mv -T /srv/floor/next /srv/floor/current`
    const script = `tar czf ${folder}/floor.tgz -C ${folder}/releases/v${version} . &&
      printf '%s\\n' ${names.join(' ')} | xargs -P ${atOnce} -I HOST sh -c 'ssh -F ${sshConfig} HOST "${remote}" < ${folder}/floor.tgz'`
    return Promise.resolve(['sh', '-c', script])
  },
}

const ansible: Contender = {
  name: 'Ansible',
  async deploy({ folder, names, sshConfig }, version) {
    await writeFile(join(folder, 'inventory'), `${names.join('\n')}\n`)
    const play = `- hosts: all
  gather_facts: false
  tasks:
    - file: { path: /srv/ansible/${version}, state: directory }
    - unarchive: { src: ${folder}/ansible.tgz, dest: /srv/ansible/${version} }
    - file: { src: ${version}, dest: /srv/ansible/current, state: link }
`
    await writeFile(join(folder, 'play.yaml'), play)
    const args = `ANSIBLE_SSH_ARGS='-F ${sshConfig} -o ControlMaster=auto -o ControlPersist=60s' ANSIBLE_PIPELINING=1`
    const script = `tar czf ${folder}/ansible.tgz -C ${folder}/releases/v${version} . && ${args} ansible-playbook -f ${atOnce} -i ${folder}/inventory ${folder}/play.yaml`
    return ['sh', '-c', script]
  },
}

const hasAnsible = spawnSync('ansible-playbook', ['--version']).status === 0
const contenders = [floor, deployctl, ...(hasAnsible ? [ansible] : [])]
const rounds = 3
/** The same once more, when nothing is left to be done. */
const again = [process.execPath, cli, 'apply', '--auto-approve', '--quiet']

console.log(
  `Node ${process.version}, ${availableParallelism()} cores${hasAnsible ? '' : '; without Ansible'}\n`,
)
for (const count of sizes()) {
  const ground = await openGround(count)
  try {
    const taken = new Map(contenders.map(({ name }): [string, number[]] => [name, []]))
    for (let round = 0; round <= rounds; round++) {
      const version = `1.${round}.0`
      await ground.release(version)
      for (const contender of contenders) {
        const ms = run(await contender.deploy(ground, version), ground)
        // the first brings each to life: folders, caches, what is compiled once
        if (round > 0) taken.get(contender.name)?.push(ms)
      }
    }
    const least = new Map([...taken].map(([name, times]) => [name, Math.min(...times)]))
    const idle = Math.min(...Array.from({ length: rounds }, () => run(again, ground)))
    const base = least.get(floor.name) ?? NaN
    console.log(`${count} ${count === 1 ? 'host' : 'hosts'}`)
    for (const [name, ms] of least) {
      console.log(
        `  ${name.padEnd(20)} ${(ms / 1000).toFixed(2).padStart(7)} s  ${(ms / base).toFixed(2)} × the floor`,
      )
    }
    console.log(`  ${'nothing to do'.padEnd(20)} ${(idle / 1000).toFixed(2).padStart(7)} s`)
  } finally {
    await ground.end()
  }
}

function run([program = '', ...words]: readonly string[], { folder }: Ground): number {
  const begun = performance.now()
  const env = { ...process.env, XDG_CACHE_HOME: userCacheIn(folder) }
  const result = spawnSync(program, words, { cwd: folder, env, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (result.status !== 0)
    throw new Error(`${program} ended with ${result.status}:\n${result.stdout}${result.stderr}`)
  return performance.now() - begun
}

function sizes(): readonly number[] {
  const wanted = process.argv.slice(2).map(Number)
  return wanted.length > 0 ? wanted : [1, 20, 100]
}
