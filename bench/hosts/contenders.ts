/** Who brings a release to hosts: deployctl, the least that does it at all, and what teams use today. */
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cli } from '../measure.js'
import type { Ground } from './ground.js'

export interface Contender {
  readonly name: string
  /** Whether it can be had here. */
  isThere(): boolean
  /** A command that brings this version to all hosts. */
  deploy(ground: Ground, version: string): Promise<readonly string[]>
}

/** Hosts at once: the same for everybody. */
const atOnce = 10

export const deployctl: Contender = {
  name: 'deployctl',
  isThere: () => true,
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
    return again
  },
}

/** The same once more. */
export const again = [process.execPath, cli, 'apply', '--auto-approve', '--quiet'] as const

export const floor: Contender = {
  name: 'ssh | tar, ln, mv',
  isThere: () => true,
  deploy({ folder, names, sshConfig }, version) {
    const remote = `mkdir -p /srv/floor/${version} && tar xzf - -C /srv/floor/${version} && ln -s ${version} /srv/floor/next && mv -T /srv/floor/next /srv/floor/current`
    const script = `tar czf ${folder}/floor.tgz -C ${folder}/releases/v${version} . &&
      printf '%s\\n' ${names.join(' ')} | xargs -P ${atOnce} -I HOST sh -c 'ssh -F ${sshConfig} HOST "${remote}" < ${folder}/floor.tgz'`
    return Promise.resolve(['sh', '-c', script])
  },
}

export const ansible: Contender = {
  name: 'Ansible',
  isThere: () => answers('ansible-playbook'),
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

/** Its own flow, with the archive uploaded instead of cloned from git on every host. */
export const capistrano: Contender = {
  name: 'Capistrano',
  isThere: () => answers('cap'),
  async deploy({ folder, hosts, sshKey }, version) {
    const servers = hosts.map(({ port }) => `server "root@127.0.0.1:${port}", roles: %w{app}`).join('\n')
    const capfile = `set :stage_config_path, "${folder}/cap"
set :deploy_config_path, "${folder}/deploy.rb"
require "capistrano/setup"
require "capistrano/deploy"
require "capistrano/scm/plugin"
class Copy < Capistrano::SCM::Plugin
  def register_hooks
    after "deploy:new_release_path", "copy:create_release"
  end
  def define_tasks
    namespace :copy do
      task :create_release do
        on release_roles(:all) do
          execute :mkdir, "-p", release_path
          upload! "${folder}/cap.tgz", "#{release_path}.tgz"
          execute :tar, "-xzf", "#{release_path}.tgz", "-C", release_path
          execute :rm, "#{release_path}.tgz"
        end
      end
    end
  end
end
install_plugin Copy
`
    const shared = `lock ">= 3.0"
set :application, "bench"
set :deploy_to, "/srv/cap"
set :keep_releases, 5
set :format_options, log_file: "/dev/null"
set :default_run_options, {}
SSHKit::Backend::Netssh.configure { |ssh| ssh.ssh_options = { keys: ["${sshKey}"], keys_only: true, config: false, verify_host_key: :never } }
SSHKit.config.default_runner_config = { in: :groups, limit: ${atOnce} }
`
    await mkdir(join(folder, 'cap'), { recursive: true })
    await writeFile(join(folder, 'Capfile'), capfile)
    await writeFile(join(folder, 'deploy.rb'), shared)
    await writeFile(join(folder, 'cap', 'live.rb'), `${servers}\n`)
    return [
      'sh',
      '-c',
      `tar czf ${folder}/cap.tgz -C ${folder}/releases/v${version} . && cap -f ${folder}/Capfile live deploy`,
    ]
  },
}

function answers(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}
