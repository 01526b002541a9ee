// A Docker engine of our own: dockerd from Debian's docker.io in namespaces for processes and mounts, with its own
// folder, socket and piece of network. When it ends, for whatever reason, its containers and mounts end with it; it
// sets no iptables rules (published ports go through docker-proxy). Containers have addresses that this machine reaches.
//
//   const daemon = await startDaemon(folder)             ready; the socket is daemon.socket
//   await daemon.restart()                               as `systemctl restart docker`: containers stop, and those whose
//                                                        restart policy says so come back (live restore is off)
//   await daemon.restart({ signal: 'SIGKILL' })          as a power cut
//   await daemon.halt(); …; await daemon.resume()        the same in two halves: in between nobody answers
//   await daemon.stop()                                  ends it and removes everything but the folder
//
// With `{ tls: true }` it also listens where daemon.tls says, for clients with the certificates that lie there.
//
// Process ids that the engine names are those inside: end a container's process through the engine.
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { claimNetwork } from './engine-network.mjs'
import { tlsListener } from './engine-tls.mjs'
import { eventually } from './eventually.mjs'
import { isRoot, requirePrograms } from './packages.mjs'

const programs = {
  dockerd: 'docker.io',
  tini: 'tini', // reaps what containers leave behind
  iptables: 'iptables', // for the name server inside networks
  ip: 'iproute2',
  unshare: 'util-linux',
  setpriv: 'util-linux',
}

export async function startDaemon(folder, { tls = false } = {}) {
  if (!isRoot || process.platform !== 'linux') throw new Error('an engine of our own needs root on Linux')
  await requirePrograms(programs)
  mkdirSync(folder, { recursive: true })
  const listener = tls ? await tlsListener(folder) : undefined
  const network = await claimNetwork()
  const socket = join(folder, 'docker.sock')
  let dockerd
  const resume = async () => {
    dockerd = launch(folder, socket, network, listener?.options ?? [])
    await ready(dockerd, socket, folder)
  }
  const halt = async ({ signal = 'SIGTERM' } = {}) => {
    if (!hasEnded(dockerd)) signalDaemon(dockerd, signal)
    await ended(dockerd)
  }
  const stop = async () => {
    if (dockerd !== undefined) await halt({ signal: 'SIGKILL' }) // all processes and mounts inside go as well
    await network.release()
  }
  const restart = async (options) => {
    await halt(options)
    await resume()
  }
  try {
    await resume()
    const told = listener === undefined ? undefined : { host: listener.host, certificates: listener.clients }
    return { socket, tls: told, restart, halt, resume, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * /run is emptied for it: another engine's containerd lives there, and its own would leave sockets behind. /etc/docker,
 * where the machine's settings and an engine's identity are, is a folder of its own. Process ids begin anew with each
 * start, so those that were written down must not be believed. It reads that this machine forwards packets, which is not
 * so and not needed, because it would warn of that at every container.
 */
function launch(folder, socket, network, more) {
  const log = openSync(join(folder, 'docker.log'), 'a')
  const options = [
    ['--host', `unix://${socket}`],
    ['--data-root', join(folder, 'data')],
    ['--exec-root', join(folder, 'exec')],
    ['--pidfile', join(folder, 'docker.pid')],
    ['--bridge', network.bridge],
    ...network.pools.map((pool) => ['--default-address-pool', pool]),
    ['--exec-opt', 'native.cgroupdriver=cgroupfs'],
    ['--cgroup-parent', `/${network.cgroup}`],
    ['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--shutdown-timeout=10'],
    more,
  ].flat()
  const script = `
    set -e
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir -p /etc/docker "$1/etc" && mount --bind "$1/etc" /etc/docker
    echo 1 >"$1/forwards" && mount --bind "$1/forwards" /proc/sys/net/ipv4/ip_forward
    rm -rf "$1/docker.pid" "$1/exec"
    shift && exec tini -s -- dockerd "$@"`
  const apart = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'slave']
  const command = [...apart, '--mount-proc', 'sh', '-c', script, 'sh', folder, ...options]
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
  })
  closeSync(log)
  return child
}

function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null
}

function ended(child) {
  return hasEnded(child) ? Promise.resolve() : new Promise((done) => child.once('exit', done))
}

/** What we started waits for the first process inside, which passes signals on to dockerd, and then ends itself. */
function signalDaemon(child, signal) {
  try {
    const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ')[0]
    if (inside === '') child.kill('SIGKILL')
    else process.kill(Number(inside), signal)
  } catch (error) {
    if (!['ESRCH', 'ENOENT'].includes(error.code)) throw error // it ended at this moment
  }
}

function ready(dockerd, socket, folder) {
  const lastLine = () => readFileSync(join(folder, 'docker.log'), 'utf8').trim().split('\n').at(-1)
  return eventually('dockerd', () => ping(socket), {
    withinMs: 50_000,
    hopeless: () => (hasEnded(dockerd) ? `it ended: ${lastLine()}` : undefined),
  })
}

/** Rejects unless an engine answers; resolves with the version of its API. */
export function ping(socketPath) {
  return new Promise((resolve, reject) => {
    const question = request({ socketPath, path: '/_ping', timeout: 5000 }, (answer) => {
      answer.resume()
      if (answer.statusCode === 200) resolve(answer.headers['api-version'])
      else reject(new Error(`it answered ${answer.statusCode}`))
    })
    question.once('timeout', () => question.destroy(new Error('it does not answer')))
    question.once('error', reject)
    question.end()
  })
}
