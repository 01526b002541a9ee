/** Moving traffic: the link, then the restart, in this order both ways. */
import { stat } from 'node:fs/promises'
import { DeployError } from '../../../base/deploy-error.js'
import type { Instance } from '../../../model/instance.js'
import type { OperationContext } from '../../../model/target.js'
import { readCurrent, removeCurrent, switchCurrent, type Current } from './current-link.js'
import { currentLinkText, releasePaths, type Layout } from './layout.js'
import { ensureOwnFolder, tidyUp } from './own-folders.js'
import type { Place } from './place.js'
import { readRecord, writeRecord, type ReleaseRecord } from './records.js'
import { restartProgram } from './restart.js'

export async function routeTo(
  place: Place,
  from: Instance | null,
  to: Instance,
  context: OperationContext,
): Promise<void> {
  const { layout, options, ports } = place
  const { folder } = releasePaths(layout, to.name)
  await refuseMissing(folder, to)
  await ensureOwnFolder(layout)
  if (from === null) await keepStrangersLink(layout, to.name, context.deployment)
  await switchCurrent(layout, currentLinkText(to.name))
  await recordPublished(layout, to.name, ports.clock.now().toISOString())
  await tidyUp(layout)
  if (options.restart === null) return
  const versions = { version: to.release.version, previousVersion: from?.release.version ?? null }
  const subject = { goal: 'serve', isUndoing: false, folder, instance: to, ...versions } as const
  await restartProgram(options.restart, subject, ports.shell, context)
}

/** Nothing serves any more; or, where this deployment was the first to a place, what somebody had there before. */
export async function routeToNothing(place: Place, from: Instance, context: OperationContext): Promise<void> {
  const { layout, options, ports } = place
  const { folder } = releasePaths(layout, from.name)
  const record = await readRecord(layout, from.name)
  const restored = linkToRestore(record, await readCurrent(layout), context.deployment)
  if (restored === null) await removeCurrent(layout)
  else await switchCurrent(layout, restored)
  await tidyUp(layout)
  if (options.restart === null) return
  const { version } = from.release
  if (restored !== null && (await isFolder(layout.current))) {
    const strangers = { version: '', previousVersion: version, folder: layout.current }
    const subject = { goal: 'serve', isUndoing: true, instance: from, ...strangers } as const
    return restartProgram(options.restart, subject, ports.shell, context)
  }
  if (!(await isFolder(folder))) return // it was never staged, so it never ran
  const subject = {
    goal: 'stop',
    isUndoing: true,
    folder,
    instance: from,
    version,
    previousVersion: null,
  } as const
  await restartProgram(options.restart, subject, ports.shell, context)
}

async function refuseMissing(folder: string, to: Instance): Promise<void> {
  if (await isFolder(folder)) return
  throw new DeployError('TARGET_REFUSED', `${to.service} cannot serve ${to.name}: ${folder} is not there.`, {
    hint: 'It was removed by hand. Deploy or roll back once more: the release is then fetched and staged again.',
  })
}

/** Links are followed: `current` is one. */
function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  )
}

/**
 * At the first deployment to a place that somebody else deployed to before, `current` leads to what serves there. That
 * link is kept in the record, so that undoing this deployment brings it back.
 */
async function keepStrangersLink(layout: Layout, name: string, deployment: string): Promise<void> {
  const current = await readCurrent(layout)
  const record = await readRecord(layout, name)
  if (record === null || current.kind !== 'link' || current.name === name) return
  await writeRecord(layout, { ...record, replacedLink: { deployment, text: current.text } })
}

/** Only what this very deployment has replaced, and only while its own link is there, or the old one again. */
function linkToRestore(record: ReleaseRecord | null, current: Current, deployment: string): string | null {
  if (record?.replacedLink?.deployment !== deployment) return null
  const { text } = record.replacedLink
  return current.kind === 'link' && (current.name === record.name || current.text === text) ? text : null
}

async function recordPublished(layout: Layout, name: string, at: string): Promise<void> {
  const record = await readRecord(layout, name)
  if (record === null || record.status === 'published') return
  await writeRecord(layout, { ...record, status: 'published', publishedAt: at })
}
