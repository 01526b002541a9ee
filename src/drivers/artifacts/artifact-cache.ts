/**
 * The cache of fetched artifacts: a release comes once, for all services, environments and processes, and it is whole
 * and verified or not there at all. Verification happens here and nowhere else, before anybody unpacks anything.
 */
import { open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import pLimit, { type LimitFunction } from 'p-limit'
import { DeployError } from '../../base/deploy-error.js'
import { formatSize } from '../../base/size.js'
import type { Clock } from '../../model/clock.js'
import type { Progress } from '../../model/event.js'
import { showVersion, type Release } from '../../model/release.js'
import type { Artifacts, FetchedArtifact, Source } from '../../model/source.js'
import type { DriverSpec } from '../../model/spec.js'
import { diskSpaceAt } from '../system/disk-space.js'
import { ensureFolder } from '../system/ensure-folder.js'
import { naming } from '../system/file-error.js'
import { syncFolder } from '../system/sync-folder.js'
import { writeAtomically } from '../system/write-atomically.js'
import {
  lockFolder,
  partialFolder,
  placesOf,
  readNote,
  touch,
  type CacheNote,
  type CachePlaces,
} from './cache-layout.js'
import { lockCache } from './cache-lock.js'
import { digestFile, digestOfFile, parseDigest, RunningDigest, type Digest } from './file-digest.js'
import { throttled } from './throttled-progress.js'
import type { Verifier } from './verifier.js'

export interface ArtifactCacheOptions {
  /** Absolute. Made when first needed. */
  readonly directory: string
  readonly source: (name: string, spec: DriverSpec) => Source
  readonly clock: Clock
  /** Of this process, for locks. */
  readonly pid: number
  /** Downloads at once; 4 unless given. */
  readonly parallel?: number
  /** Proves releases genuine, where their source asks for that. */
  readonly verifier?: Verifier
}

/** Remembered for one artifact: services and environments may each ask for something else. */
const provenMost = 32

interface Wanted {
  readonly release: Release
  readonly digest: Digest
  readonly places: CachePlaces
  readonly source: Source
  readonly onProgress: (progress: Progress) => void
  readonly signal: AbortSignal
}

export function createArtifacts(options: ArtifactCacheOptions): Artifacts {
  const slot = pLimit(options.parallel ?? 4)
  return {
    async obtain(release, spec, onProgress, signal) {
      const source = options.source(release.source, spec)
      if (release.artifact.kind === 'folder') {
        await options.verifier?.prove({ release, spec, source, file: null, signal })
        return source.fetch(release, {
          file: join(options.directory, partialFolder, 'folder'),
          onProgress,
          signal,
        })
      }
      const digest = parseDigest(release.digest)
      const places = placesOf(options.directory, digest)
      const wanted = { release, digest, places, source, onProgress, signal }
      if (!(await isCached(wanted, options.clock))) await fetchOnce(wanted, options, slot)
      if (options.verifier !== undefined) await prove(wanted, spec, options.verifier, options.clock)
      return {
        kind: 'archive',
        path: places.artifact,
        name: release.artifact.name,
        ...addressOf(source, release),
      }
    },
  }
}

function addressOf({ address }: Source, release: Release): Pick<FetchedArtifact, 'address'> {
  return address === undefined ? {} : { address: (signal) => address(release, signal) }
}

/** Once for each set of demands and keys: the note says which of them the artifact has met. */
async function prove(wanted: Wanted, spec: DriverSpec, verifier: Verifier, clock: Clock): Promise<void> {
  const { release, source, places, onProgress, signal } = wanted
  const basis = await verifier.basis(release, spec)
  if (basis === null) return
  const note = (await readNote(places.note)) ?? (await noteOf(wanted, clock))
  if (note.proven.includes(basis)) return
  onProgress({ done: 0, total: null, unit: 'bytes', label: 'proving' })
  if (!(await verifier.prove({ release, spec, source, file: places.artifact, signal }))) return
  const proven = [...note.proven, basis].slice(-provenMost)
  await writeAtomically(places.note, `${JSON.stringify({ ...note, proven })}\n`)
}

/** Fetches under the lock of this digest; whoever waited for the lock finds the work done. */
async function fetchOnce(wanted: Wanted, options: ArtifactCacheOptions, slot: LimitFunction): Promise<void> {
  const { directory, clock, pid } = options
  for (const folder of [directory, join(directory, partialFolder), join(directory, lockFolder)]) {
    await ensureFolder(folder)
  }
  const onWait = (): void =>
    wanted.onProgress({ done: 0, total: null, unit: 'bytes', label: 'waiting for another download of it' })
  const lock = await lockCache({ path: wanted.places.lock, pid, clock, signal: wanted.signal, onWait })
  try {
    if (await isCached(wanted, clock)) return
    await slot(() => fetchVerified(wanted, clock))
  } finally {
    await lock.release()
  }
}

/**
 * Whether it is there and still what it was. A file that rotted on disk is removed: half a second a gigabyte is a small
 * price for never unpacking a wrong byte.
 */
async function isCached({ places, digest, onProgress, signal }: Wanted, clock: Clock): Promise<boolean> {
  const found = await stat(places.artifact).catch(() => null)
  if (found === null) return false
  // first of all, so that nobody who tidies up beside us takes it for unused
  if (!(await touch(places.note, clock))) await touch(places.artifact, clock)
  const verifying = throttled(onProgress, clock, 'verifying')
  if ((await digestOfFile(places.artifact, digest.algorithm, signal, verifying)) === digest.text) {
    return (await stat(places.artifact).catch(() => null)) !== null
  }
  await naming('remove', places.artifact, () => rm(places.artifact, { force: true }))
  return false
}

async function fetchVerified(wanted: Wanted, clock: Clock): Promise<void> {
  const { places, release } = wanted
  const before = await sizeOf(places.partial)
  await refuseFullDisk(wanted, before)
  const first = await fetchAndHash(wanted, clock)
  if (first === wanted.digest.text) return publish(wanted, clock)
  await removePartial(places)
  // what an earlier process left may have been torn by a crash: then, and only then, it is fetched anew
  const second = before > 0 ? await fetchAndHash(wanted, clock) : first
  if (second === wanted.digest.text) return publish(wanted, clock)
  await removePartial(places)
  throw new DeployError(
    'ARTIFACT_CORRUPT',
    `${release.artifact.name} of ${release.source} ${showVersion(release.version)} is not what was announced`,
    {
      hint: 'It was refused and nothing was unpacked. Ask its publisher: it was changed, or damaged on the way.',
      details: [`expected ${wanted.digest.text}`, `got      ${second}`],
    },
  )
}

async function fetchAndHash(wanted: Wanted, clock: Clock): Promise<string> {
  const { places, digest, release, source, onProgress, signal } = wanted
  const running = new RunningDigest(digest.algorithm)
  if ((await sizeOf(places.partial)) > 0) {
    await digestFile(places.partial, running, signal, throttled(onProgress, clock, 'verifying'))
  }
  const onBytes = (bytes: Uint8Array, offset: number): void => running.take(bytes, offset)
  await source.fetch(release, { file: places.partial, onProgress, onBytes, signal })
  const bytes = await sizeOf(places.partial)
  const verifying = throttled(onProgress, clock, 'verifying')
  return running.of(bytes) ?? (await digestOfFile(places.partial, digest.algorithm, signal, verifying))
}

/** On disk first, then under its name: a crash in between leaves a whole partial file, which is found whole next time. */
async function publish(wanted: Wanted, clock: Clock): Promise<void> {
  const { places } = wanted
  await naming('publish', places.artifact, async () => {
    const handle = await open(places.partial, 'r+')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    const note = { ...(await noteOf(wanted, clock)), size: await sizeOf(places.partial) }
    await writeAtomically(places.note, `${JSON.stringify(note)}\n`)
    await rename(places.partial, places.artifact)
    await rm(`${places.partial}.resume`, { force: true })
    await syncFolder(join(places.artifact, '..'))
  })
}

async function noteOf({ release, digest, places }: Wanted, clock: Clock): Promise<CacheNote> {
  return {
    name: release.artifact.name,
    digest: digest.text,
    size: await sizeOf(places.artifact),
    source: release.source,
    version: release.version,
    fetchedAt: clock.now().toISOString(),
    proven: [],
  }
}

async function removePartial(places: CachePlaces): Promise<void> {
  await rm(places.partial, { force: true })
  await rm(`${places.partial}.resume`, { force: true })
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0
}

async function refuseFullDisk({ release, places }: Wanted, alreadyThere: number): Promise<void> {
  const needed = (release.artifact.size ?? 0) - alreadyThere
  const { freeBytes } = await diskSpaceAt(places.partial)
  if (needed <= freeBytes) return
  throw new DeployError(
    'DISK_FULL',
    `${release.artifact.name} needs ${formatSize(needed)}, but only ${formatSize(freeBytes)} are free for the cache`,
    { hint: 'Make room there, or prune the cache.', details: [`cache: ${join(places.artifact, '..')}`] },
  )
}
