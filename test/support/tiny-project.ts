/**
 * A project in a temporary folder with two releases of one service, a hook with a revert, a restart and a check: small
 * enough to be deployed hundreds of times, and with one of everything that a deployment does to the world.
 */
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface TinyProject {
  readonly folder: string
  /** Where the service lies: `releases`, `shared`, `current`, and what its commands wrote. */
  readonly target: string
  release(version: string, files?: Readonly<Record<string, string>>): Promise<void>
  remove(): Promise<void>
}

/** Parts of its deploy.yaml that a test writes otherwise: whole lines, as they stand there. */
interface TinyYaml {
  /** Where releases come from. */
  readonly releases?: string
  /** More of the service, and more of its target. */
  readonly service?: string
  readonly target?: string
  /** How long a release may take to be well. */
  readonly deadline?: string
  readonly hooks?: string
  readonly agent?: string
}

/** The restart says which release it serves. */
export const tinyYaml = ({
  releases = 'releases',
  service = '',
  target = '',
  hooks = '',
  deadline = '2s',
  agent,
}: TinyYaml): string =>
  `version: 1
project: tiny
defaultEnvironment: local
sources:
  web: { type: directory, path: ${releases}, pattern: 'v{version}' }
services:
  web:
    source: web
${service}    target:
      type: directory
      path: srv/web
      shared: [data/]
${target}      restart: { command: [sh, restart.sh], stop: [rm, -f, data/serving] }
healthChecks:
  serves: { type: command, run: [sh, check.sh], directory: release, interval: 50ms, timeout: 1s, deadline: ${deadline} }
${hooks}${agent === undefined ? '' : `agent: ${agent}\n`}environments: { local: {} }
`

/** The hook counts up and down like a migration. */
export const migration = `hooks:
  migrate:
    when: beforeSwitch
    service: web
    shell: echo "$DEPLOYCTL_VERSION" > data/schema
    revert: { shell: 'if [ -n "$DEPLOYCTL_PREVIOUS_VERSION" ]; then echo "$DEPLOYCTL_PREVIOUS_VERSION" > data/schema; else rm -f data/schema; fi' }
`
const deployYaml = tinyYaml({
  service: '    version: ${env.TINY_VERSION:-latest}\n',
  target: '      keepReleases: 2\n',
  hooks: migration,
})

export async function tinyProject(yaml: string = deployYaml): Promise<TinyProject> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'deployctl-e2e-')))
  await writeFile(join(folder, 'deploy.yaml'), yaml)
  const project: TinyProject = {
    folder,
    target: join(folder, 'srv', 'web'),
    async release(version, files = {}) {
      const release = join(folder, 'releases', `v${version}`)
      await mkdir(release, { recursive: true })
      const all = {
        'page.txt': `page of ${version}\n`,
        'restart.sh': 'cat page.txt > data/serving\n',
        'check.sh': 'cmp page.txt data/serving\n',
        ...files,
      }
      for (const [name, text] of Object.entries(all)) {
        await mkdir(dirname(join(release, name)), { recursive: true })
        await writeFile(join(release, name), text)
      }
      await chmod(join(release, 'restart.sh'), 0o755)
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
  await project.release('1.0.0')
  return project
}
