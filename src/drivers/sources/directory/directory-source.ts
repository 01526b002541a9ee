/** Releases that lie in a folder of this machine: sub-folders, or archives, with the version in their names. */
import { open } from 'node:fs/promises'
import path from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import type { Ports } from '../../../model/ports.js'
import type { Release } from '../../../model/release.js'
import type { FetchContext, FetchedArtifact, Source, SourceDriver } from '../../../model/source.js'
import type { DriverSpec } from '../../../model/spec.js'
import { blockWriter } from '../../artifacts/block-writer.js'
import { throttled } from '../../artifacts/throttled-progress.js'
import { fileError } from '../../system/file-error.js'
import { inSource, refuseCancelled } from '../in-source.js'
import { chosen, offerOf } from '../offer.js'
import { fillVersion } from '../version-pattern.js'
import { readCompanion } from './directory-companion.js'
import { directorySchema } from './directory-schema.js'
import { listEntries, type ReleaseEntry } from './release-entries.js'
import { settledDigest } from './settled-digest.js'

/** As the schema admits them. */
type DirectoryOptions = DriverSpec & {
  readonly path: string
  readonly pattern?: string
}

export const directorySource: SourceDriver = {
  type: 'directory',
  schema: directorySchema,
  // validated by directorySchema
  create: (name, options, ports) => createDirectorySource(name, options as DirectoryOptions, ports),
}

function createDirectorySource(name: string, options: DirectoryOptions, ports: Ports): Source {
  const folder = path.resolve(ports.projectDirectory, options.path)
  const pattern = options.pattern ?? '{version}'
  const where = pattern === '{version}' ? `the folder ${folder}` : `the folder ${folder} (${pattern})`
  const offer = async () => offerOf(await listEntries(folder, pattern))
  return {
    versions: (signal) =>
      inSource(name, signal, async () => [...(await offer()).keys()].map((version) => ({ version }))),
    resolve: (version, signal) =>
      inSource(name, signal, async () => {
        const entry = chosen(await offer(), version, where, (one) => one.name)
        return releaseOf(name, entry, await settledDigest(folder, entry, ports, signal))
      }),
    fetch: (release, context) =>
      inSource(name, context.signal, async () => {
        const { kind, location } = release.artifact
        const full = path.join(folder, location)
        if (kind === 'archive') return copyArchive(full, release, context, ports)
        const entry = { version: release.version, kind, name: location }
        const { digest } = await settledDigest(folder, entry, ports, context.signal)
        if (digest !== release.digest) throw changed(full, release.digest, digest)
        return { kind, path: full, name: release.artifact.name }
      }),
    companion: (release, wanted, signal) =>
      inSource(name, signal, () => readCompanion(folder, fillVersion(wanted, release.version))),
  }
}

function releaseOf(
  source: string,
  { version, kind, name }: ReleaseEntry,
  { digest, bytes }: { readonly digest: string; readonly bytes: number },
): Release {
  const sizes = kind === 'archive' ? { size: bytes } : { unpackedSize: bytes }
  return { source, version, digest, artifact: { kind, name, location: name, ...sizes } }
}

async function copyArchive(
  full: string,
  release: Release,
  context: FetchContext,
  ports: Ports,
): Promise<FetchedArtifact> {
  const from = await open(full, 'r').catch((error: unknown) => {
    throw new DeployError('ARTIFACT_MISSING', `${full} cannot be read any more`, {
      hint: 'Put it back, or choose another version.',
      cause: error,
    })
  })
  try {
    const { size } = await from.stat()
    const told = throttled(context.onProgress, ports.clock, 'copying')
    const to = await open(context.file, 'w')
    try {
      const writer = blockWriter(to, 0, context.onBytes ?? (() => undefined))
      for await (const piece of from.createReadStream({ autoClose: false, highWaterMark: 2 ** 20 })) {
        refuseCancelled(context.signal)
        await writer.write(piece as Buffer) // a stream without an encoding gives buffers
        told(writer.position(), size)
      }
      await writer.flush()
    } catch (error) {
      throw fileError(error, 'write', context.file)
    } finally {
      await to.close()
    }
  } finally {
    await from.close()
  }
  return { kind: 'archive', path: context.file, name: release.artifact.name }
}

function changed(full: string, planned: string, now: string): DeployError {
  return new DeployError(
    'ARTIFACT_CORRUPT',
    `${full} is not what was planned: somebody has changed it since`,
    {
      hint: 'A release never changes: put it back as it was, or publish the change under a new version and plan again.',
      details: [`planned ${planned}`, `now     ${now}`],
    },
  )
}
