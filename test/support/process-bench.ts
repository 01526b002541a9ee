/** A temporary folder with a process target in it, releases to run there, and the real ports; for all its tests. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { digestOf, type Json } from '../../src/base/hash.js'
import { processDriver } from '../../src/drivers/targets/process.js'
import { isAlive } from '../../src/drivers/system/process-identity.js'
import type { OutputLine } from '../../src/model/event.js'
import type { Ports } from '../../src/model/ports.js'
import { releaseFolderName } from '../../src/model/release-folder.js'
import type { DriverSpec } from '../../src/model/spec.js'
import type { OperationContext, Target } from '../../src/model/target.js'
import { driverPorts } from '../contract/driver-ports.js'
import { freePort } from '../services/free-port.mjs'
import { writeFiles, type StageableRelease } from './directory-bench.js'
import { testScope } from './shares.js'
import { worldOfFolder, type FolderWorld } from './world-of-folder.js'

export type Options = { readonly [option: string]: Json }

export interface ProcessBench {
  readonly folder: string
  readonly path: string
  /** A port that was free a moment ago. */
  readonly port: number
  readonly ports: Ports
  readonly said: OutputLine[]
  target(options?: Options): Target
  /** `app` is the text of a program for Node, `server.mjs` in the release. */
  release(version: string, app: string, options?: Options): Promise<StageableRelease>
  context(signal?: AbortSignal): OperationContext
  /** What the holder has written down: null when there is none. */
  holder(): Promise<WrittenHolder | null>
  /** All but what is only there while something runs. */
  world(): Promise<FolderWorld>
  end(): Promise<void>
}

export interface WrittenHolder {
  readonly pid: number
  readonly startedAt: string
  readonly workers: readonly { readonly name: string; readonly pid: number; readonly startedAt: string }[]
}

/** Answers every request with its version, and ends once it has answered what it had begun. */
export const goodApp = (version: string): string => `
import { createServer } from 'node:http'
const server = createServer((request, response) => {
  const answer = () => response.end(${JSON.stringify(version)})
  if (request.url.startsWith('/slow')) setTimeout(answer, 800)
  else answer()
})
server.listen({ fd: 3 })
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`

/** Built once for a file of tests. */
export async function holderProgram(): Promise<{
  readonly command: readonly string[]
  remove(): Promise<void>
}> {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-holder-'))
  const outfile = join(folder, 'holder.cjs')
  const entryPoints = [join(import.meta.dirname, 'holder-program.ts')]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', logLevel: 'error' })
  return {
    command: [process.execPath, outfile],
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

export async function processBench(
  program: readonly string[],
  secrets: Readonly<Record<string, string>> = {},
  always: Options = {},
): Promise<ProcessBench> {
  const real = await driverPorts(secrets)
  const ports = { ...real, program }
  const folder = ports.projectDirectory
  const path = join(folder, 'srv')
  const port = await freePort()
  const said: OutputLine[] = []
  const full = (options: Options): DriverSpec => ({
    type: 'process',
    path,
    command: [process.execPath, 'server.mjs'],
    listen: [`127.0.0.1:${port}`],
    settle: '100ms',
    stopTimeout: '5s',
    ...always,
    ...options,
  })
  const holder = async (): Promise<WrittenHolder | null> => {
    const text = await readFile(join(path, '.deployctl/holder/holder.json'), 'utf8').catch(() => null)
    return text === null ? null : (JSON.parse(text) as WrittenHolder) // a holder's own
  }
  return {
    folder,
    path,
    port,
    ports,
    said,
    holder,
    target: (options = {}) => processDriver.create(full(options), testScope, ports),
    async release(version, app, options = {}) {
      const files = { 'server.mjs': app }
      const origin = join(folder, 'origin', `${version}-${digestOf(files).slice(7, 15)}`)
      await writeFiles(origin, files)
      const artifact = { kind: 'folder', name: version, location: `releases/${version}` } as const
      const release = { source: 'api', version, digest: digestOf({ version, files }), artifact }
      const effects: { readonly [option: string]: string } = processDriver.effects
      const shaping = Object.entries(full(options)).filter(([name]) => effects[name] === 'stage')
      const name = releaseFolderName(release, Object.fromEntries(shaping))
      return {
        instance: { service: 'api', host: 'local', name, slot: null, release, specDigest: digestOf(options) },
        obtain: async () => ({ kind: 'folder', path: origin, name: version }),
      }
    },
    context: (signal = new AbortController().signal) => ({
      signal,
      deployment: 'd1',
      onProgress: () => undefined,
      onLine: (line) => void said.push(line),
      onChild: async () => undefined,
    }),
    async world() {
      const world = await worldOfFolder(folder, {
        without: (place) => /^(origin|cache|srv\/log|srv\/\.deployctl\/(holder|systemd))(\/|$)/.test(place),
      })
      const bookkeeping = /^srv\/\.deployctl\/(records|manifests)\//
      return Object.fromEntries(
        Object.entries(world).map(([place, what]) => [place, bookkeeping.test(place) ? 'there' : what]),
      )
    },
    async end() {
      const last = await holder()
      if (last !== null) await endHolder(last)
      await real.remove()
    },
  }
}

/** The holder ends in order; what one that was killed has left is killed too. */
export async function endHolder({ pid, startedAt, workers }: WrittenHolder): Promise<void> {
  if (await isAlive(pid, startedAt)) process.kill(pid, 'SIGTERM')
  await until(async () => !(await isAlive(pid, startedAt)))
  for (const worker of workers) {
    if (await isAlive(worker.pid, worker.startedAt)) process.kill(-worker.pid, 'SIGKILL')
  }
}

export async function until(isSo: () => Promise<boolean>, tries = 400): Promise<void> {
  for (let count = 0; count < tries; count++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('it did not come to that')
}

/** The body of the answer, or the code of what went wrong; on a connection of its own. */
export function get(port: number, path = '/', host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ host, port, path, agent: false }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += String(chunk)))
      response.on('end', () => resolve(body))
      response.on('error', (error) => resolve(error.message))
    })
    asked.on('error', (error) => resolve('code' in error ? String(error.code) : error.message))
    asked.end()
  })
}
