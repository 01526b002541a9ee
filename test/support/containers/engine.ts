/**
 * The Docker engine of the run, shared by all tests, and engines that a test has to itself because it stops, restarts or
 * fills them. See test/services/docker-daemon.mjs for what an engine of ours is and is not.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDaemon, type Daemon } from '../../services/docker-daemon.mjs'
import { removeLabelled } from '../../services/engine-leftovers.mjs'

/** What the service `docker-engine` says of itself. */
export interface TestEngine {
  /** The path of its Unix socket. */
  readonly socket: string
  /** Names this run: images of ours carry the label `deployctl-tests=RUN`, and so do containers made from them. */
  readonly run: string
  /** The path of the compiled test app. */
  readonly app: string
}

/** The engine of the run. Others use it at the same time: names must be a test's own (`uniqueName`). */
export function sharedEngine(): TestEngine {
  const address = process.env['TEST_SERVICE_DOCKER_ENGINE']
  if (address === undefined) throw new Error('no engine is there: ask for it with testWith("docker-engine")')
  return JSON.parse(address) as TestEngine // made by test/services/docker-engine.mjs
}

export interface OwnEngine extends TestEngine, Omit<Daemon, 'stop'> {
  /** Ends it, and its containers, and removes its folder. */
  stop(): Promise<void>
}

/** An engine of the caller's own, ready; `await engine.restart()` restarts it, `await engine.stop()` must end it. */
export async function ownEngine(options: { readonly tls?: boolean } = {}): Promise<OwnEngine> {
  const { run, app } = sharedEngine()
  const folder = mkdtempSync(join(tmpdir(), 'deployctl-engine-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const daemon = await startDaemon(folder, options)
    return { ...daemon, run, app, stop: () => daemon.stop().finally(remove) }
  } catch (error) {
    remove()
    throw error
  }
}

let names = 0

/** A name that no other test has, for projects, networks and image repositories. */
export function uniqueName(engine: TestEngine, what: string): string {
  return `${what}-${engine.run}-${process.pid}-${++names}`
}

/** Removes the containers, networks, volumes and images that carry a label (`name` or `name=value`). */
export function removeByLabel(engine: { readonly socket: string }, label: string): Promise<void> {
  return removeLabelled(engine.socket, label)
}
