/** Looking at a directory target: what serves, what lies there, and what is not as it is recorded. Changes nothing. */
import type { Drift } from '../../../model/change.js'
import type { Instance } from '../../../model/instance.js'
import type { Observation, StagedRelease } from '../../../model/target.js'
import type { TreeDifference } from '../../artifacts/compare-tree.js'
import { readCurrent, sayCurrent, type Current } from './current-link.js'
import type { Comparison } from './files/host-files.js'
import { currentLinkText, releasePaths, type Layout } from './layout.js'
import type { Ground } from './place.js'
import { releaseFolders, straysIn, type ReleaseFolder } from './release-folders.js'

const differs: { readonly [what in TreeDifference['what']]: string } = {
  missing: 'missing',
  type: 'something else lies there',
  mode: 'another mode',
  content: 'another content',
  target: 'leads elsewhere',
}
/** Differences named in a message; the rest is counted. */
const mostNamed = 10

export async function inspectPlace(
  ground: Ground,
  host: string,
  active: Instance | null,
  signal: AbortSignal,
): Promise<Observation> {
  const { layout, files } = ground
  if (active !== null) files.foresee({ compare: releasePaths(layout, active.name) })
  // A place that is not there yet needs no further looks; most places of a first plan are not.
  const isThere = active !== null || (await files.kindOf(layout.root)) !== 'nothing'
  const current: Current = isThere ? await readCurrent(ground) : { kind: 'missing' }
  const folders = isThere ? await releaseFolders(ground) : []
  const strays = isThere ? await straysIn(ground) : []
  const comparison = active === null ? null : await compareActive(ground, active, signal)
  return {
    host,
    serving: current.kind === 'link' ? current.name : null,
    staged: folders.flatMap((folder) => stagedRelease(folder) ?? []),
    drift: active === null ? [] : driftOf(layout, active, current, comparison),
    notices: noticesOf(layout, active, current, folders, strays),
  }
}

async function compareActive(
  { layout, files }: Ground,
  active: Instance,
  signal: AbortSignal,
): Promise<Comparison | 'folderMissing'> {
  const paths = releasePaths(layout, active.name)
  if ((await files.kindOf(paths.folder)) === 'nothing') return 'folderMissing'
  return files.compare(paths, signal)
}

function stagedRelease(folder: ReleaseFolder): StagedRelease | null {
  if (folder.kind === 'foreign') return null
  const { name, record } = folder
  return {
    name,
    version: record?.release.version ?? '',
    digest: record?.release.digest ?? '',
    status: folder.kind === 'broken' ? 'broken' : folder.record.status,
    stagedAt: record?.stagedAt ?? null,
    bytes: record?.bytes ?? null,
  }
}

/** How the recorded instance differs from what is there. Pure, and with no times in it: the same world, the same words. */
function driftOf(
  layout: Layout,
  active: Instance,
  current: Current,
  comparison: Comparison | 'folderMissing' | null,
): readonly Drift[] {
  const { service, host, name } = active
  const drift: Drift[] = []
  const add = (kind: Drift['kind'], message: string, evidence: readonly string[] = []): void => {
    drift.push({ service, host, kind, message, evidence })
  }
  if (current.kind === 'missing') {
    add('linkMissing', `${layout.current} is missing; ${name} is recorded as serving.`)
  } else if (current.kind !== 'link' || current.name !== name) {
    add('linkMoved', `${layout.current} ${sayCurrent(current)}; ${name} is recorded as serving.`, [
      `recorded: ${currentLinkText(name)}`,
      `found: ${current.kind === 'link' ? current.text : `a ${current.kind}`}`,
    ])
  }
  if (comparison === 'folderMissing') {
    add('releaseMissing', `${releasePaths(layout, name).folder} is missing; ${name} is recorded as serving.`)
  } else if (comparison?.kind === 'unknown') {
    add('filesChanged', `What deployctl wrote down of ${name} is gone, so its files cannot be judged.`, [
      comparison.missing,
    ])
  } else if (comparison?.kind === 'differs') {
    const count = comparison.differences.length
    const what = count === 1 ? 'One entry' : `${count} entries`
    const evidence = comparison.differences.map((one) => `${one.path}: ${differs[one.what]}`)
    add('filesChanged', `${what} of ${name} ${count === 1 ? 'is' : 'are'} not as deployed.`, sample(evidence))
  }
  return drift
}

function sample(names: readonly string[]): readonly string[] {
  if (names.length <= mostNamed) return names
  return [...names.slice(0, mostNamed), `and ${names.length - mostNamed} more`]
}

function noticesOf(
  layout: Layout,
  active: Instance | null,
  current: Current,
  folders: readonly ReleaseFolder[],
  strays: readonly string[],
): readonly string[] {
  const notices: string[] = []
  if (current.kind === 'folder' || current.kind === 'file') {
    notices.push(`${layout.current} is a ${current.kind}, not a link: move it away before deploying here.`)
  }
  if (current.kind === 'link' && active === null) {
    notices.push(`${layout.current} points at ${current.text}, which deployctl has no record of deploying.`)
  }
  const foreign = folders.filter((folder) => folder.kind === 'foreign').map(({ name }) => name)
  if (foreign.length > 0)
    notices.push(`In ${layout.releases}, not made by deployctl and left alone: ${foreign.join(', ')}.`)
  if (strays.length > 0)
    notices.push(`In ${layout.releases}, neither releases nor used: ${strays.join(', ')}.`)
  return notices
}
