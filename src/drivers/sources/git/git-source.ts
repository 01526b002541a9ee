/** Releases that are tags of a git repository: known by their commit, checked out into a folder, built if asked to. */
import path from 'node:path'
import { durationMs } from '../../../base/duration.js'
import type { Ports } from '../../../model/ports.js'
import type { Release } from '../../../model/release.js'
import type { Source, SourceDriver } from '../../../model/source.js'
import type { DriverSpec } from '../../../model/spec.js'
import { inSource } from '../in-source.js'
import { chosen, offerOf, type Offer } from '../offer.js'
import { remember } from '../remembered.js'
import { respite } from '../respite.js'
import { versionReader } from '../version-pattern.js'
import { checkedOut } from './git-checkout.js'
import { expectGitServer } from './expect-git-server.js'
import { gitClient, type GitRemote } from './git-client.js'
import { gitSchema } from './git-schema.js'
import { readTags, type GitTag } from './git-tags.js'

/** As the schema admits them. */
type GitOptions = DriverSpec & {
  readonly repository: string
  readonly pattern?: string
  readonly user?: string
  readonly token?: string
  readonly submodules?: boolean
  readonly shallow?: boolean
  readonly build?: readonly (readonly string[])[]
  readonly buildTimeout?: string
}

const listTimeoutMs = 60_000

export const gitSource: SourceDriver = {
  type: 'git',
  schema: gitSchema,
  create: (name, options, ports) => createGitSource(name, options as GitOptions, ports), // validated by gitSchema
}

function createGitSource(name: string, options: GitOptions, ports: Ports): Source {
  const url = isPath(options.repository)
    ? path.resolve(ports.projectDirectory, options.repository)
    : options.repository
  const versionOf = versionReader(options.pattern ?? '{version}')
  const remoteOf = async (signal: AbortSignal): Promise<GitRemote> => {
    const token = options.token === undefined ? null : await ports.secrets.reveal(options.token, signal)
    return { url, login: token === null ? null : { user: options.user ?? 'git', token } }
  }
  const rest = respite(ports.clock)
  const listTags = async (signal: AbortSignal) => {
    const git = gitClient(await remoteOf(signal), ports)
    const request = { directory: ports.projectDirectory, timeoutMs: listTimeoutMs, what: 'listing the tags' }
    const lines = await git(['ls-remote', '--tags', '--', url], request, signal)
    if (lines.length === 0) await expectGitServer(url, git, request, signal)
    return offerOf(readTags(lines, versionOf))
  }
  const tags = remember<Offer<GitTag>>(
    (_previous, signal) => rest.around(() => listTags(signal)),
    ports.clock,
  )

  return {
    versions: (signal) =>
      inSource(name, signal, async () =>
        [...(await tags.latest(signal)).keys()].map((version) => ({ version })),
      ),
    resolve: (version, signal) =>
      inSource(name, signal, async () => {
        const tag = chosen(await tags.recent(signal), version, 'the repository', describeTag)
        return releaseOf(name, url, tag)
      }),
    fetch: (release, { signal, onProgress }) =>
      inSource(name, signal, async () => {
        const order = {
          remote: await remoteOf(signal),
          options: {
            submodules: options.submodules ?? false,
            shallow: options.shallow ?? true,
            build: options.build ?? [],
            buildTimeoutMs: durationMs(options.buildTimeout ?? '10m'),
          },
          version: release.version,
          tag: release.artifact.location,
          commit: release.digest.slice(release.digest.indexOf(':') + 1),
        }
        const tools = {
          ports,
          onProgress: (label: string) => onProgress({ done: 0, total: null, unit: 'files', label }),
        }
        const folder = await checkedOut(order, tools, signal)
        return { kind: 'folder', path: folder, name: release.artifact.name }
      }),
  }
}

/** As git tells them apart: an address has a scheme, or a colon before the first slash (`host:path`). */
function isPath(repository: string): boolean {
  return !/^[^/]*:/.test(repository)
}

function describeTag({ tag, commit }: GitTag): string {
  return `the tag ${tag} at commit ${commit.slice(0, 12)}`
}

/**
 * The commit is the digest: it names the content of every file, and those of the submodules. How the release is built
 * from it is not part of it; see docs/sources/git.md.
 */
function releaseOf(source: string, repository: string, { version, tag, commit }: GitTag): Release {
  const repositoryName = /([^/:]+?)(?:\.git)?\/*$/.exec(repository)?.[1] ?? 'repository'
  return {
    source,
    version,
    digest: `${commit.length === 64 ? 'git-sha256' : 'sha1'}:${commit}`,
    artifact: { kind: 'folder', name: `${repositoryName}-${version}`, location: tag },
  }
}
