/** A project whose service runs on real hosts over SSH: `web1`, `web2` and so on, each looked at from outside. */
import { existsSync, readlinkSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { deployctl, type CliOptions, type CliResult } from './built-cli.js'
import { startSshHost, writeSshConfig, type SshHost, type SshHostOptions } from './ssh-host.js'

export interface HostProject {
  readonly folder: string
  /** By name. */
  readonly hosts: ReadonlyMap<string, SshHost>
  /** Where a host listens, unless a test puts something in between. */
  readonly ports: Map<string, number>
  release(version: string, files?: Readonly<Record<string, string>>): Promise<void>
  /** Writes deploy.yaml anew: the hosts of the group `app`, the strategy, and more of the target. */
  configure(shape: Shape): Promise<void>
  run(words: readonly string[], options?: Partial<CliOptions>): Promise<CliResult>
  /** The version that `current` leads to on a host, or null. */
  serving(host: string, path?: string): string | null
  /** Claims that are still there: none, when nobody deploys. */
  claims(host: string): boolean
  end(): Promise<void>
}

export interface Shape {
  readonly hosts: readonly string[]
  /** As whom; root unless said. */
  readonly users?: Readonly<Record<string, string>>
  /** What hosts have of their own, as deploy.yaml would have it. */
  readonly variables?: Readonly<Record<string, string>>
  /** Where the service lies on each. */
  readonly path?: string
  readonly strategy?: string
  readonly target?: string
  /** More of deploy.yaml. */
  readonly more?: string
  /** Connections outlive a command, as an ssh_config may want it; that spares a run with many hosts most of its time. */
  readonly isSharing?: boolean
}

export const sitePath = '/srv/web'

export async function hostProject(
  names: readonly string[],
  optionsOf: (name: string) => SshHostOptions = () => ({}),
): Promise<HostProject> {
  const started = await Promise.all(
    names.map(async (name) => [name, await startSshHost(optionsOf(name))] as const),
  )
  const hosts = new Map(started)
  const ports = new Map(started.map(([name, { port }]) => [name, port]))
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-hosts-'))
  const seen = (host: string, path: string): string => join(hosts.get(host)?.root ?? '/nowhere', path)
  const project: HostProject = {
    folder,
    hosts,
    ports,
    async release(version, files = {}) {
      for (const [name, text] of Object.entries({ 'index.html': `${version}\n`, ...files })) {
        const path = join(folder, 'releases', `v${version}`, name)
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, text)
      }
    },
    async configure({ hosts: used, users = {}, path = sitePath, strategy = '{ type: rolling }', ...shape }) {
      const { target = '', more = '', variables = {} } = shape
      const sharing = ['Host *', '  ControlMaster auto', `  ControlPath ${folder}/%C`, '  ControlPersist 20s']
      await writeSshConfig(folder, [...ports.values()], shape.isSharing === true ? sharing : [])
      const lines = used.map((name) => {
        const port = ports.get(name) ?? 1
        const own = variables[name] === undefined ? '' : `, variables: ${variables[name]}`
        return `    - { name: ${name}, address: 127.0.0.1, user: ${users[name] ?? 'root'}, port: ${port}${own} }`
      })
      const yaml = `version: 1
project: shop
defaultEnvironment: live
sources: { web: { type: directory, path: releases, pattern: 'v{version}' } }
services:
  web:
    source: web
    target: { type: directory, path: ${JSON.stringify(path)}, hosts: app${target === '' ? '' : `, ${target}`} }
    strategy: ${strategy}
ssh: { config: ssh_config, connectTimeout: 5s }
hosts:
  app:
${lines.join('\n')}
environments: { live: {} }
${more}`
      await writeFile(join(folder, 'deploy.yaml'), yaml)
    },
    run: (words, options = {}) => deployctl(words, { directory: folder, ...options }),
    serving(host, path = sitePath) {
      const link = seen(host, `${path}/current`)
      if (!existsSync(dirname(link))) return null
      try {
        return /^releases\/(.+)-[0-9a-f]{8}$/.exec(readlinkSync(link))?.[1] ?? null
      } catch {
        return null
      }
    },
    claims: (host) => existsSync(seen(host, `${sitePath}/.deployctl/claim`)),
    async end() {
      await Promise.all([...hosts.values()].map((host) => host.stop()))
      await rm(folder, { recursive: true, force: true })
    },
  }
  return project
}
