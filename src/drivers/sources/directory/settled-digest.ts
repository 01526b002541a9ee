/**
 * The digest of a release in a folder, once it has settled: a file or folder that changes while it is being read has
 * no digest yet. What was read once is remembered beside its fingerprint, across processes, so that a plan does not
 * read every release again.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import { sha256 } from '../../../base/hash.js'
import type { Ports } from '../../../model/ports.js'
import { folderNotes, touch } from '../../artifacts/cache-layout.js'
import { digestOfFile } from '../../artifacts/file-digest.js'
import { treeDigest } from '../../artifacts/tree-manifest.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { writeAtomically } from '../../system/write-atomically.js'
import { fingerprintOf } from './fingerprint.js'
import type { ReleaseEntry } from './release-entries.js'

export interface Settled {
  readonly digest: string
  readonly bytes: number
}

/** A change that is younger than this may be followed by another within the clock tick of the file system. */
const settledAfterMs = 2_000

export async function settledDigest(
  folder: string,
  entry: ReleaseEntry,
  ports: Ports,
  signal: AbortSignal,
): Promise<Settled> {
  const full = path.join(folder, entry.name)
  const nowMs = ports.clock.now().getTime()
  try {
    const before = await fingerprintOf(full)
    const memory = memoryOf(full, ports)
    const known = await readMemory(memory)
    if (known?.fingerprint === before.text) {
      await touch(memory, ports.clock)
      return { digest: known.digest, bytes: before.bytes }
    }
    const digest = await (entry.kind === 'folder'
      ? treeDigest(full, signal)
      : digestOfFile(full, 'sha256', signal))
    const after = await fingerprintOf(full)
    if (after.text !== before.text) throw unsettled(full)
    if (before.changedAtMs < nowMs - settledAfterMs) {
      await ensureFolder(path.dirname(memory))
      await writeAtomically(memory, JSON.stringify({ fingerprint: before.text, digest }))
    }
    return { digest, bytes: before.bytes }
  } catch (error) {
    throw entryError(error, full)
  }
}

function unsettled(full: string): DeployError {
  return new DeployError('ARTIFACT_MISSING', `${full} changed while it was being read`, {
    hint: 'Somebody is still writing it. Try again when that is done; better, upload under a hidden name and rename it.',
  })
}

function entryError(error: unknown, full: string): unknown {
  const code = systemCodeOf(error instanceof DeployError ? error.cause : error)
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new DeployError('ARTIFACT_MISSING', `${full} was removed while it was being read`, {
      hint: 'Put it back, or choose another version.',
      cause: error,
    })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new DeployError('SOURCE_DENIED', `${full} may not be read by this user`, {
      hint: 'Check the owners and modes of the release and of everything in it.',
      details: error instanceof Error ? [error.message] : [],
      cause: error,
    })
  }
  return error
}

function memoryOf(full: string, ports: Ports): string {
  return path.join(ports.cacheDirectory, folderNotes, `${sha256(full).slice('sha256:'.length)}.json`)
}

async function readMemory(
  memory: string,
): Promise<{ readonly fingerprint: string; readonly digest: string } | null> {
  try {
    // written by ourselves; whatever it claims, what is deployed is verified against it
    return JSON.parse(await readFile(memory, 'utf8')) as { fingerprint: string; digest: string }
  } catch {
    return null
  }
}
