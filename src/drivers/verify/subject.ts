/**
 * What is to be proven, and the ways in which that ends: proven, a proof that is not there, a proof that is wrong. In
 * one place, so that every kind of proof speaks of the same thing in the same words.
 */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DeployError, type ErrorParts } from '../../base/deploy-error.js'
import type { Ports } from '../../model/ports.js'
import type { Algorithm } from '../artifacts/file-digest.js'
import { fileError } from '../system/file-error.js'

/** One file with a name: the release's archive, or a list of checksums. */
export interface Subject {
  /** `app.tgz of api v1.4.2`. */
  readonly shown: string
  readonly name: string
  readonly version: string
  /** Absolute. */
  readonly file: string
  digest(algorithm: Algorithm): Promise<string>
  /** What lies beside the release under this name, or null. */
  companion(name: string): Promise<Uint8Array | null>
  readonly ports: Ports
  readonly signal: AbortSignal
}

/** A proof that is not there: refused where proofs are required, passed over where they are not. */
export interface Missing {
  readonly missing: string
  readonly hint: string
  readonly details?: readonly string[]
}

/** Null: proven. A proof that is wrong is thrown. */
export type Verdict = Missing | null

/** The content is another than the one that was vouched for. */
export function corrupt(shown: string, why: string, details: readonly string[] = []): DeployError {
  return new DeployError('ARTIFACT_CORRUPT', `${shown} is not what its publisher vouches for: ${why}`, {
    hint: 'Nothing was unpacked. Ask its publisher: it was changed, or damaged on the way.',
    details,
  })
}

/** The content may be right, but nobody who is trusted says so. */
export function unproven(shown: string, why: string, parts: ErrorParts): DeployError {
  return new DeployError('ARTIFACT_UNPROVEN', `${shown} is not proven: ${why}`, parts)
}

/** The file's bytes, as they are read: proofs hold no release in memory. */
export async function* piecesOf({ file, shown, signal }: Subject): AsyncGenerator<Buffer> {
  try {
    for await (const piece of createReadStream(file, { highWaterMark: 2 ** 20, signal })) {
      yield piece as Buffer // a stream without an encoding gives buffers
    }
  } catch (error) {
    throw signal.aborted
      ? new DeployError('CANCELLED', `proving ${shown} was cancelled`, { cause: error })
      : fileError(error, 'read', file)
  }
}

/** The first of the names, with {version} filled in, that there is something under; or that there is none. */
export async function firstCompanion(
  subject: Subject,
  names: readonly string[],
): Promise<{ readonly name: string; readonly bytes: Uint8Array } | Missing> {
  const filled = names.map((name) => name.replaceAll('{version}', subject.version))
  for (const name of filled) {
    const bytes = await subject.companion(name)
    if (bytes !== null) return { name, bytes }
  }
  return {
    missing: `there is no ${filled.join(' and no ')} beside it`,
    hint: 'Publish it beside the release, or correct its name under verify: on the source.',
  }
}

/** A key, keyring or trusted root of this machine. */
export async function trustedFile(written: string, ports: Ports): Promise<Buffer> {
  const path = resolve(ports.projectDirectory, written)
  try {
    return await readFile(path)
  } catch (cause) {
    throw new DeployError('ARTIFACT_UNPROVEN', `${path}, which verify: names, cannot be read`, {
      hint: 'Correct the path on the source; a relative one starts at the folder of deploy.yaml.',
      details: [cause instanceof Error ? cause.message : String(cause)],
      cause,
    })
  }
}

/**
 * Refuses what was made for a file that is named as this one, but for the version: somebody offers an old release with
 * its old, honest signature under a new number. Any other name is no reason: people rename what they have signed.
 */
export function refuseOtherVersion(subject: Subject, signedName: string, signature: string): void {
  const { name, version } = subject
  const base = signedName.replace(/^.*[/\\]/, '')
  if (base === name || !name.includes(version)) return
  const [before = '', ...after] = name.split(version)
  const rest = after.join(version)
  if (!base.startsWith(before) || !base.endsWith(rest) || base.length <= before.length + rest.length) return
  const other = base.slice(before.length, base.length - rest.length)
  throw unproven(subject.shown, `${signature} was made for version ${other}`, {
    hint: 'An older release is offered under this version, or its signature was mixed up. Ask its publisher.',
    details: [`signed as ${base}`, `offered as ${name}`],
  })
}
