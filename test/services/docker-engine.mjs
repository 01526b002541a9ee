// A Docker engine for all tests of a run: the one that answers on the default socket (others use it too: what tests make
// there carries the label deployctl-tests=RUN and is removed at the end), or one of our own. The program of the test
// images is compiled here as well. A test that stops or restarts an engine starts another for itself: ownEngine() in
// test/support/containers/engine.ts.
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { compileApp } from './container-app.mjs'
import { ping, startDaemon } from './docker-daemon.mjs'
import { removeLabelled } from './engine-leftovers.mjs'

const defaultSocket = '/var/run/docker.sock'

export async function startDockerEngine(place) {
  const folder = join(place, 'docker-engine')
  mkdirSync(folder)
  const app = await compileApp(folder)
  const run = randomUUID().slice(0, 8)
  const { socket, stop, isOurs } = await theirs(run).catch(() => ours(folder))
  return { address: JSON.stringify({ socket, isOurs, run, app }), stop }
}

async function theirs(run) {
  await ping(defaultSocket)
  const stop = () => removeLabelled(defaultSocket, `deployctl-tests=${run}`)
  return { socket: defaultSocket, stop, isOurs: false }
}

async function ours(folder) {
  const { socket, stop } = await startDaemon(folder)
  return { socket, stop, isOurs: true }
}
