/**
 * One commit of a repository as a plain folder in the cache: fetched, with its submodules, built, without `.git`.
 *
 * A folder is either whole under its name or not there: it is made beside and renamed. Its digest is kept next to it,
 * so that a folder which somebody changed since is made again instead of deployed.
 */
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import { formatDuration } from '../../../base/duration.js'
import { digestOf, shortDigest } from '../../../base/hash.js'
import type { Ports } from '../../../model/ports.js'
import { checkoutFolder, touch } from '../../artifacts/cache-layout.js'
import { lockCache } from '../../artifacts/cache-lock.js'
import { treeDigest } from '../../artifacts/tree-manifest.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { naming } from '../../system/file-error.js'
import { writeAtomically } from '../../system/write-atomically.js'
import { expectGitServer } from './expect-git-server.js'
import { gitClient, type GitRemote } from './git-client.js'

/** How a commit becomes a release; part of the folder's name, so that another way makes another folder. */
export interface CheckoutOptions {
  readonly submodules: boolean
  readonly shallow: boolean
  readonly build: readonly (readonly string[])[]
  readonly buildTimeoutMs: number
}

export interface CheckoutOrder {
  readonly remote: GitRemote
  readonly options: CheckoutOptions
  readonly version: string
  readonly tag: string
  readonly commit: string
}

export interface CheckoutTools {
  readonly ports: Ports
  readonly onProgress: (label: string) => void
}

const fetchTimeoutMs = 30 * 60_000

/** The folder of the commit, made when it is not there yet or not what it was. */
export async function checkedOut(
  order: CheckoutOrder,
  tools: CheckoutTools,
  signal: AbortSignal,
): Promise<string> {
  const base = path.join(tools.ports.cacheDirectory, checkoutFolder)
  const { build, submodules } = order.options
  const way = shortDigest(digestOf({ url: order.remote.url, build, submodules }))
  const folder = path.join(base, `${order.commit}-${way}`)
  const { clock, machine } = tools.ports
  if (await touch(digestFile(folder), clock)) {
    // touched before it is read, so that nobody who tidies up meanwhile takes it for unused
    if (await isWhole(folder, signal)) return folder
  }
  await ensureFolder(base)
  const onWait = (): void => tools.onProgress('waiting for another checkout of it')
  const lock = await lockCache({ path: `${folder}.lock`, pid: machine.pid, clock, signal, onWait })
  try {
    if (!(await isWhole(folder, signal))) await make(order, folder, tools, signal)
  } finally {
    await lock.release()
  }
  return folder
}

async function isWhole(folder: string, signal: AbortSignal): Promise<boolean> {
  try {
    const expected = await readFile(digestFile(folder), 'utf8')
    return expected === (await treeDigest(folder, signal))
  } catch (error) {
    if (error instanceof DeployError && error.code === 'CANCELLED') throw error
    return false // not there, or not readable: it is made again
  }
}

async function make(
  order: CheckoutOrder,
  folder: string,
  tools: CheckoutTools,
  signal: AbortSignal,
): Promise<void> {
  const fresh = path.join(path.dirname(folder), `.making-${path.basename(folder)}`)
  try {
    await rm(fresh, { recursive: true, force: true }) // of a process that was killed
    await ensureFolder(fresh, 0o755)
    await fetchCommit(order, fresh, tools, signal)
    await runBuild(order, fresh, tools, signal)
    await removeGitFolders(fresh)
    const digest = await treeDigest(fresh, signal)
    await naming('publish', folder, async () => {
      await rm(digestFile(folder), { force: true })
      await rm(folder, { recursive: true, force: true })
      await rename(fresh, folder)
    })
    await writeAtomically(digestFile(folder), digest)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

function digestFile(folder: string): string {
  return `${folder}.digest`
}

async function fetchCommit(
  order: CheckoutOrder,
  fresh: string,
  tools: CheckoutTools,
  signal: AbortSignal,
): Promise<void> {
  const { remote, options, commit, tag } = order
  const git = gitClient(remote, tools.ports)
  const run = (args: readonly string[], what = `fetching the tag ${tag}`) =>
    git(args, { directory: fresh, timeoutMs: fetchTimeoutMs, what }, signal)
  const depth = options.shallow ? ['--depth=1'] : []
  tools.onProgress(`fetching ${tag}`)
  await run(['init', '--quiet', ...(commit.length === 64 ? ['--object-format=sha256'] : [])])
  // named, because submodules with a relative address start from it
  await run(['remote', 'add', '--', 'origin', remote.url])
  const isAnswered = () => {
    const request = { directory: fresh, timeoutMs: fetchTimeoutMs, what: `fetching the tag ${tag}` }
    return expectGitServer(remote.url, git, request, signal)
  }
  await fetchByTagOrCommit(order, { run, isAnswered }, [
    'fetch',
    '--quiet',
    '--no-tags',
    ...depth,
    '--',
    'origin',
  ])
  await run(['-c', 'advice.detachedHead=false', 'checkout', '--quiet', '--detach', commit])
  if (!options.submodules) return
  tools.onProgress(`fetching the submodules of ${tag}`)
  const update = ['submodule', 'update', '--quiet', '--init', '--recursive', ...depth]
  await run(update, `fetching the submodules of the tag ${tag}`)
}

type Run = (args: readonly string[]) => Promise<readonly string[]>

/** By the tag, which every server allows; when that has moved on or is gone, by the commit, which most allow. */
async function fetchByTagOrCommit(
  { commit, tag }: CheckoutOrder,
  { run, isAnswered }: { readonly run: Run; readonly isAnswered: () => Promise<void> },
  fetch: readonly string[],
): Promise<void> {
  const tagged = await run([...fetch, `refs/tags/${tag}`]).then(
    () => run(['rev-parse', '--verify', '--quiet', 'FETCH_HEAD^{commit}']),
    (error: unknown) => {
      refusalIn(error)
      return []
    },
  )
  if (tagged[0] === commit) return
  const refused = await run([...fetch, commit]).then(() => null, refusalIn)
  if (refused === null) return
  if (tagged[0] === undefined) await isAnswered()
  const now = tagged[0] === undefined ? 'is gone' : `is now at ${tagged[0].slice(0, 12)}`
  throw new DeployError(
    'ARTIFACT_MISSING',
    `the tag ${tag} ${now}, and its server no longer gives out commit ${commit.slice(0, 12)}`,
    {
      hint: 'Put the tag back where it was, or plan again to deploy what it stands for now.',
      details: refused.details,
    },
  )
}

/** The error, when it says that the server does not give out what was asked for; every other failure is thrown on. */
function refusalIn(error: unknown): DeployError {
  if (error instanceof DeployError && ['COMMAND_FAILED', 'ARTIFACT_MISSING'].includes(error.code))
    return error
  throw error
}

async function runBuild(
  order: CheckoutOrder,
  fresh: string,
  tools: CheckoutTools,
  signal: AbortSignal,
): Promise<void> {
  const { build, buildTimeoutMs } = order.options
  for (const command of build) {
    const line = command.join(' ')
    tools.onProgress(`building: ${line}`)
    const env = { DEPLOYCTL_VERSION: order.version, DEPLOYCTL_COMMIT: order.commit }
    const request = { command: { run: command }, directory: fresh, env, timeoutMs: buildTimeoutMs }
    const result = await tools.ports.shell.run(request, signal)
    if (result.ended === 'exit' && result.exitCode === 0) continue
    const subject = `the build command "${line}" of ${order.tag}`
    if (result.ended === 'cancelled') throw new DeployError('CANCELLED', `${subject} was cancelled`)
    if (result.ended === 'timeout') {
      throw new DeployError('TIMEOUT', `${subject} did not finish within ${formatDuration(buildTimeoutMs)}`, {
        hint: 'Raise buildTimeout on the source, or make the build faster.',
        details: result.lastLines,
      })
    }
    const end =
      result.exitCode === null
        ? `was ended by ${result.signal ?? 'a signal'}`
        : `exited with ${result.exitCode}`
    throw new DeployError('COMMAND_FAILED', `${subject} ${end}`, {
      hint: 'Nothing was deployed. Mend the build, or take the command out of build:.',
      details: result.lastLines,
    })
  }
}

/** The repository itself and the `.git` files of its submodules: a release is its files, not their history. */
async function removeGitFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name)
    if (entry.name === '.git') await rm(full, { recursive: true, force: true })
    else if (entry.isDirectory()) await removeGitFolders(full)
  }
}
