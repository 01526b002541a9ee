/** A temporary folder with a directory target in it, releases to put there, and the real ports; for all its tests. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestOf, type Json } from '../../src/base/hash.js'
import { directoryDriver } from '../../src/drivers/targets/directory.js'
import type { Instance } from '../../src/model/instance.js'
import type { OutputLine } from '../../src/model/event.js'
import type { Ports } from '../../src/model/ports.js'
import { releaseFolderName } from '../../src/model/release-folder.js'
import type { FetchedArtifact } from '../../src/model/source.js'
import type { OperationContext, Target } from '../../src/model/target.js'
import { driverPorts } from '../contract/driver-ports.js'
import { stillClock } from './still-clock.js'
import { worldOfFolder, type FolderWorld } from './world-of-folder.js'
import { testScope } from './shares.js'

/** Paths to contents; `{ link }`, `{ mode, text }` and `null` (an empty folder) for what is no plain file. */
export type Files = {
  readonly [path: string]:
    string | null | { readonly link: string } | { readonly mode: number; readonly text: string }
}

export interface DirectoryBench {
  /** A folder of its own; the target's path is `<folder>/srv`. */
  readonly folder: string
  readonly path: string
  readonly ports: Ports
  /** Lines that operations said. */
  readonly said: OutputLine[]
  target(options?: { readonly [option: string]: Json }): Target
  /** Makes a folder release and says how to obtain it. */
  release(
    version: string,
    files: Files,
    options?: { readonly [option: string]: Json },
  ): Promise<StageableRelease>
  context(deployment?: string, signal?: AbortSignal): OperationContext
  end(): Promise<void>
}

export interface StageableRelease {
  readonly instance: Instance
  readonly obtain: () => Promise<FetchedArtifact>
}

export async function directoryBench(): Promise<DirectoryBench> {
  const realPorts = await driverPorts()
  const ports = { ...realPorts, clock: stillClock }
  const folder = ports.projectDirectory
  const path = join(folder, 'srv')
  const said: OutputLine[] = []
  return {
    folder,
    path,
    ports,
    said,
    target: (options = {}) =>
      directoryDriver.create({ type: 'directory', path, ...options }, testScope, ports),
    async release(version, files, options = {}) {
      const origin = join(folder, 'origin', `${version}-${digestOf(files).slice(7, 15)}`)
      await writeFiles(origin, files)
      return stageable(version, files, origin, options)
    },
    context: (deployment = 'd1', signal = new AbortController().signal) => ({
      signal,
      deployment,
      onProgress: () => undefined,
      onLine: (line) => void said.push(line),
      onChild: async () => undefined,
    }),
    end: () => realPorts.remove(),
  }
}

function stageable(
  version: string,
  files: Files,
  path: string,
  options: { readonly [option: string]: Json },
): StageableRelease {
  const artifact = { kind: 'folder', name: version, location: `releases/${version}` } as const
  const release = { source: 'api', version, digest: digestOf({ version, files }), artifact }
  const name = releaseFolderName(release, options)
  return {
    instance: { service: 'api', host: 'local', name, slot: null, release, specDigest: digestOf(options) },
    obtain: async () => ({ kind: 'folder', path, name: version }),
  }
}

/**
 * The target's folder, and what may be left beside it. Of records and manifests it is only told that they are there:
 * one says whether a release has ever served, which undoing does not unsay, the other has the times of files in it.
 */
export async function worldOfTarget(bench: DirectoryBench): Promise<FolderWorld> {
  const world = await worldOfFolder(bench.folder, {
    without: (path) => path === 'origin' || path === 'cache',
  })
  const bookkeeping = /^srv\/\.deployctl\/(records|manifests)\//
  return Object.fromEntries(
    Object.entries(world).map(([path, what]) => [path, bookkeeping.test(path) ? 'there' : what]),
  )
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [place, content] of Object.entries(files)) {
    const path = join(folder, place)
    await mkdir(content === null ? path : dirname(path), { recursive: true })
    if (content === null) continue
    if (typeof content === 'object' && 'link' in content) {
      await symlink(content.link, path)
      continue
    }
    const { mode, text } = typeof content === 'string' ? { mode: 0o644, text: content } : content
    await writeFile(path, text)
    await chmod(path, mode)
  }
}
