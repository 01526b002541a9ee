/**
 * A release made ready for hosts: unpacked on this machine, where every entry is judged, and packed again into what any
 * host's tar unpacks. It is done once for all hosts that want the same, and lies in the cache until deployctl ends.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError } from '../../../../base/deploy-error.js'
import { digestOf } from '../../../../base/hash.js'
import type { Release } from '../../../../model/release.js'
import type { FetchedArtifact } from '../../../../model/source.js'
import type { OperationContext } from '../../../../model/target.js'
import { archiveFormat, promisesTar } from '../../../artifacts/archive-format.js'
import { packTree } from '../../../artifacts/pack-tree.js'
import { scanTree, type TreeEntry } from '../../../artifacts/tree-manifest.js'
import { isAlive } from '../../../system/process-identity.js'
import { randomHex } from '../../../system/random-hex.js'
import { removeAtExit } from '../../../system/remove-at-exit.js'
import type { DirectoryOptions } from '../options.js'
import type { Manifest } from './host-files.js'
import { unpackInto } from './local-unpack.js'

/** An archive of a release, or of a part of it. */
export interface PackedRelease {
  readonly file: string
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

export interface Origin {
  readonly address: (signal: AbortSignal) => Promise<string>
  readonly sha256: string
  readonly bytes: number
  readonly strip: number
  readonly isGzipped: boolean
}

export interface ReadyRelease {
  readonly manifest: Manifest
  readonly unpackedBytes: number
  /** Folders that nobody may write to get their modes when all is in them; the deepest first. */
  readonly lateModes: readonly { readonly path: string; readonly mode: number }[]
  /** Where it may be had by others, and what of it to leave out; null where it may not. */
  readonly origin: Origin | null
  /** Everything but these files, which is possible only where its tree is kept. What was packed once is there. */
  pack(except?: ReadonlySet<string>): Promise<PackedRelease>
}

/** What making a release ready needs of the operation that it is for. */
export type PrepareContext = Pick<OperationContext, 'signal' | 'onProgress'>

export type ReleasePreparer = (
  obtain: () => Promise<FetchedArtifact>,
  release: Release,
  options: DirectoryOptions,
  context: PrepareContext,
) => Promise<ReadyRelease>

interface Making {
  readonly ready: Promise<ReadyRelease>
  /** Everybody who waits for it sees how far it is. */
  readonly listeners: Set<PrepareContext['onProgress']>
}

export function releasePreparer(cacheDirectory: string, pid: number): ReleasePreparer {
  const home = join(cacheDirectory, 'prepared')
  const known = new Map<string, Making>()
  const begin = (
    key: string,
    ...[obtain, release, options, context]: Parameters<ReleasePreparer>
  ): Making => {
    const listeners: Making['listeners'] = new Set()
    const onProgress: PrepareContext['onProgress'] = (progress) => {
      for (const listener of listeners) listener(progress)
    }
    const make = async (): Promise<ReadyRelease> =>
      prepare(home, pid, await obtain(), release, options, { signal: context.signal, onProgress })
    const making = { ready: make(), listeners }
    known.set(key, making)
    making.ready.catch(() => known.delete(key))
    return making
  }
  return async (obtain, release, options, context) => {
    const { digest, source } = release
    const key = digestOf({
      source,
      digest,
      strip: options.strip,
      include: options.include,
      isTreeKept: isTreeKept(options),
    })
    const making = known.get(key) ?? begin(key, obtain, release, options, context)
    const { onProgress } = context
    making.listeners.add(onProgress)
    return making.ready.finally(() => making.listeners.delete(onProgress))
  }
}

async function prepare(
  home: string,
  pid: number,
  artifact: FetchedArtifact,
  release: Release,
  options: DirectoryOptions,
  context: PrepareContext,
): Promise<ReadyRelease> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  await sweep(home)
  const place = join(home, `${pid}-${randomHex(12)}`)
  removeAtExit(place)
  await mkdir(place, { mode: 0o700 })
  const tree = join(place, 'tree')
  await unpackInto(artifact, tree, release, options, context, false)
  const scanned = (await scanTree(tree, context.signal)).map(inWholeSeconds)
  const packed = new Map<string, Promise<PackedRelease>>()
  const pack = async (except: ReadonlySet<string>): Promise<PackedRelease> => {
    const file = join(place, `${randomHex(8)}.tgz`)
    const entries = scanned.filter(({ path }) => !except.has(path)).map(opened)
    return { file, ...(await packTree(tree, entries, file, context.signal)) }
  }
  const ready: ReadyRelease = {
    manifest: scanned,
    unpackedBytes: scanned.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0),
    lateModes: scanned
      .flatMap((entry) =>
        entry.type === 'folder' && opened(entry) !== entry ? [{ path: entry.path, mode: entry.mode }] : [],
      )
      .reverse(),
    origin: options.transfer === 'pull' ? await originOf(artifact, release, options) : null,
    pack(except = new Set()) {
      const key = digestOf([...except])
      const known = packed.get(key) ?? pack(except)
      packed.set(key, known)
      known.catch(() => packed.delete(key))
      return known
    },
  }
  if (isTreeKept(options)) return ready
  if (options.transfer === 'archive') await ready.pack()
  void rm(tree, { recursive: true, force: true }).catch(() => undefined) // it goes with `place`, if not now
  return ready
}

/** Only a tar archive, plain or with gzip, is sure to be what any host's tar unpacks. */
async function originOf(
  { path, name, kind, address }: FetchedArtifact,
  { digest, artifact }: Release,
  options: DirectoryOptions,
): Promise<Origin> {
  const [, sha256] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? []
  const format = kind === 'archive' ? await archiveFormat(path, name) : null
  const isGzipped = format?.kind === 'packed' && format.packing === 'gzip' && promisesTar(name)
  if (address !== undefined && sha256 !== undefined && (isGzipped || format?.kind === 'tar')) {
    const { size: bytes } = await stat(path)
    return { address, sha256, bytes, strip: options.strip ?? artifact.strip ?? 0, isGzipped }
  }
  throw new DeployError('TARGET_REFUSED', `${name} cannot be fetched by hosts themselves (transfer: pull).`, {
    hint: 'That takes a .tar or .tar.gz, known by its SHA-256. Publish one, or leave transfer: out.',
  })
}

/** What each host has of it already decides what is sent there. */
function isTreeKept({ transfer }: DirectoryOptions): boolean {
  return transfer === 'delta'
}

/** Which is all that a tar archive and a host's `stat` know of times. */
function inWholeSeconds(entry: TreeEntry): TreeEntry {
  return entry.type === 'file' ? { ...entry, mtimeMs: Math.floor(entry.mtimeMs / 1000) * 1000 } : entry
}

/** As it has to be while something is put into it. */
export function opened<E extends TreeEntry>(entry: E): E {
  return entry.type === 'folder' && (entry.mode & 0o700) !== 0o700
    ? { ...entry, mode: entry.mode | 0o700 }
    : entry
}

/** What processes that were killed have left. */
async function sweep(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const pid = Number(name.split('-')[0])
    if (!(await isAlive(pid, ''))) await rm(join(home, name), { recursive: true, force: true })
  }
}
