/**
 * deployctl itself, as built: two containers behind an HAProxy of its own, images from a real registry, deployed and
 * rolled back by the command line.
 */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startDockerRegistry } from '../../../test/services/docker-registry.mjs'
import { freePort } from '../../../test/services/free-port.mjs'
import { requirePrograms } from '../../../test/services/packages.mjs'
import { appImage, pushImage } from '../../../test/support/containers/app-image.js'
import { removeByLabel } from '../../../test/support/containers/engine.js'
import type { Contender, Deployer } from '../contender.js'
import type { Ground } from '../ground.js'

const program = join(import.meta.dirname, '..', '..', '..', 'dist', 'deployctl.cjs')
/** Longer than the slowest request, as anybody would set it who has such requests. */
const common = 'drain: 10s, monitor: 2s'

/** As deploy.yaml has them. */
const strategies = {
  rolling: `{ type: rolling, ${common} }`,
  'blue-green': `{ type: blue-green, ${common} }`,
  canary: `{ type: canary, steps: [{ weight: 5 }, { pause: 2s }, { weight: 50 }, { pause: 2s }], ${common} }`,
  warm: `{ type: blue-green, keepWarm: 1h, ${common} }`,
} as const

export function deployctl(strategy: 'rolling' | 'blue-green' | 'canary'): Contender {
  return {
    name: `deployctl, ${strategy}`,
    async start(ground, first) {
      const project = await deployctlProject(ground)
      await project.deploy(first, strategies[strategy])
      return { ...project, deploy: (version) => project.deploy(version, strategies[strategy]) }
    },
  }
}

/** Each version but the first is deployed and left again: half of its deployments are rollbacks. */
export const deployAndRollBack: Contender = {
  name: 'deployctl, there and back',
  versions: (first, others) => others.flatMap((version) => [version, first]),
  async start(ground, first) {
    const project = await deployctlProject(ground)
    await project.deploy(first, strategies.warm)
    const deploy = (version: string): Promise<void> =>
      version === first ? project.rollBack() : project.deploy(version, strategies.warm)
    return { ...project, deploy }
  },
}

export interface DeployctlProject extends Omit<Deployer, 'deploy'> {
  readonly folder: string
  run(...words: string[]): Promise<string>
  deploy(version: string, strategy: string): Promise<void>
  /** To the release before, which is up and warm. */
  rollBack(): Promise<void>
  /** Nothing can be pulled or asked for any more. */
  stopRegistry(): Promise<void>
}

export async function deployctlProject(ground: Ground): Promise<DeployctlProject> {
  await requirePrograms({ haproxy: 'haproxy' })
  const { engine } = ground
  const folder = ground.folder()
  const registry = await startDockerRegistry(folder)
  let isRegistryUp = true
  const { open } = JSON.parse(registry.address) as { readonly open: string } // as it says itself
  const port = await freePort()
  const name = `bench-${engine.run}-${port}`
  const run: DeployctlProject['run'] = async (...words) => {
    try {
      const options = { cwd: folder, env: { ...process.env, NO_COLOR: '1' }, timeout: 300_000 }
      return (await promisify(execFile)(process.execPath, [program, ...words], options)).stdout
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
      throw new Error(`deployctl ${words.join(' ')}: ${said}`, { cause: error })
    }
  }
  const stopRegistry = async (): Promise<void> => {
    if (isRegistryUp) await registry.stop()
    isRegistryUp = false
  }
  return {
    address: `127.0.0.1:${port}`,
    folder,
    run,
    stopRegistry,
    async deploy(version, strategy) {
      const tag = version.replace(/^v/, '1.0.')
      const image = appImage(engine, { version, env: { APP_ON_TERM: 'exit' }, labels: { of: name } })
      await pushImage(open, name, tag, image)
      await writeFile(
        join(folder, 'deploy.yaml'),
        `version: 1
project: ${name}
sources:
  web: { type: oci, image: ${open}/${name} }
services:
  web:
    source: web
    version: ${tag}
    target:
      type: container
      engine: { socket: ${engine.socket} }
      replicas: 2
      port: 8080
      router: { type: haproxy, listen: '127.0.0.1:${port}', folder: router }
    strategy: ${strategy}
healthChecks:
  ready: { type: http, path: /health, interval: 200ms, deadline: 20s }
`,
      )
      await run('apply', '--auto-approve', '--quiet')
    },
    async rollBack() {
      await run('rollback', '--auto-approve', '--quiet')
      await run('unpin', 'web')
    },
    async stop() {
      const pid = await readFile(join(folder, 'router', 'haproxy.pid'), 'utf8').catch(() => '')
      if (pid !== '') process.kill(Number(pid), 'SIGTERM')
      await removeByLabel(engine, `deployctl.project=${name}`)
      await stopRegistry()
    },
  }
}
