/**
 * A Podman whose Docker-compatible socket tests speak to, with a root of its own. Containers are started without resource
 * limits of the process, which not every machine lets a container raise.
 */
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ping } from '../../services/docker-daemon.mjs'
import { addressOf } from '../needs.js'

const runtime = `#!${process.execPath}
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { spawnSync } = require('node:child_process')
const words = process.argv.slice(2)
const at = words.findIndex((word) => word === '--bundle' || word === '-b')
const file = at < 0 ? '' : words[at + 1] + '/config.json'
if (existsSync(file)) {
  const spec = JSON.parse(readFileSync(file, 'utf8'))
  delete spec.process.rlimits
  delete spec.process.oomScoreAdj
  writeFileSync(file, JSON.stringify(spec))
}
const ran = spawnSync('runc', words, { stdio: 'inherit' })
process.exit(ran.status ?? 1)
`

export interface Podman {
  readonly socket: string
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
  const env = { ...process.env, CONTAINERS_REGISTRIES_CONF: registries }
  const podman = addressOf('podman')
  const service = ['system', 'service', '-t', '0', `unix://${socket}`]
  const child = spawn(podman, [...options, ...service], { env, stdio: 'ignore' })
  const ended = new Promise((done) => child.once('exit', done))
  const stop = async (): Promise<void> => {
    const removed = spawn(podman, [...options, 'rm', '--all', '--force', '--time', '1'], {
      env,
      stdio: 'ignore',
    })
    await new Promise((done) => removed.once('exit', done))
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  for (let tries = 0; ; tries++) {
    const isThere = await ping(socket).then(
      () => true,
      () => false,
    )
    if (isThere) return { socket, stop }
    if (tries > 200) {
      await stop()
      throw new Error('podman does not answer')
    }
    await sleep(50)
  }
}
