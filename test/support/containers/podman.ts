/**
 * A Podman whose Docker-compatible socket tests speak to, with a root of its own. Containers are started without resource
 * limits of the process, which not every machine lets a container raise.
 */
import { execFile, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ping } from '../../services/docker-daemon.mjs'
import { addressOf } from '../needs.js'

const runtime = `#!${process.execPath}
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { spawnSync } = require('node:child_process')
const words = process.argv.slice(2)
const after = (...names) => words[words.findIndex((word) => names.includes(word)) + 1 || words.length] ?? ''
// of a container, or of a command in one
for (const [file, processOf] of [
  [after('--bundle', '-b') + '/config.json', (spec) => spec.process],
  [after('--process', '-p'), (spec) => spec],
]) {
  if (!existsSync(file)) continue
  const spec = JSON.parse(readFileSync(file, 'utf8'))
  delete processOf(spec).rlimits
  delete processOf(spec).oomScoreAdj
  writeFileSync(file, JSON.stringify(spec))
}
const ran = spawnSync('runc', words, { stdio: 'inherit' })
process.exit(ran.status ?? 1)
`

export interface Podman {
  readonly socket: string
  /** Has every container that runs and has a HEALTHCHECK checked once, as the timers of systemd would. */
  checkHealth(): Promise<void>
  stop(): Promise<void>
}

/** `registry` is spoken to without TLS. */
export async function startPodman(registry: string): Promise<Podman> {
  const folder = mkdtempSync(join(tmpdir(), 'deployctl-podman-'))
  const [registries, wrapper] = [join(folder, 'registries.conf'), join(folder, 'runtime')]
  const socket = join(folder, 'podman.sock')
  writeFileSync(registries, `[[registry]]\nlocation = "${registry}"\ninsecure = true\n`)
  writeFileSync(wrapper, runtime)
  chmodSync(wrapper, 0o755)
  const options = [
    ...['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--network-backend', 'netavark'],
    ...['--cgroup-manager', 'cgroupfs', '--runtime', wrapper],
  ]
  const env = { ...process.env, CONTAINERS_REGISTRIES_CONF: registries, DISABLE_HC_SYSTEMD: 'true' }
  const podman = addressOf('podman')
  const service = ['system', 'service', '-t', '0', `unix://${socket}`]
  const child = spawn(podman, [...options, ...service], { env, stdio: 'ignore' })
  const ask = (...words: readonly string[]) => promisify(execFile)(podman, [...options, ...words], { env })
  const ended = new Promise((done) => child.once('exit', done))
  const stop = async (): Promise<void> => {
    await ask('rm', '--all', '--force', '--time', '1')
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const checkHealth = async (): Promise<void> => {
    const { stdout } = await ask(
      'ps',
      '--quiet',
      '--filter',
      'health=starting',
      '--filter',
      'health=unhealthy',
    )
    for (const id of stdout.split('\n').filter((line) => line !== ''))
      await ask('healthcheck', 'run', id).catch(() => undefined) // it ends with 1 where the answer is bad
  }
  for (let tries = 0; ; tries++) {
    const isThere = await ping(socket).then(
      () => true,
      () => false,
    )
    if (isThere) return { socket, checkHealth, stop }
    if (tries > 200) {
      await stop()
      throw new Error('podman does not answer')
    }
    await sleep(50)
  }
}
