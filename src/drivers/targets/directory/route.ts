/** Moving traffic: the link, then the restart, in this order both ways. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Instance } from '../../../model/instance.js'
import type { OperationContext } from '../../../model/target.js'
import { readCurrent, removeCurrent, switchCurrent, type Current } from './current-link.js'
import { currentLinkText, releasePaths } from './layout.js'
import { ensureOwnFolder, tidyUp } from './own-folders.js'
import type { Ground, Place } from './place.js'
import { readRecord, writeRecord, type ReleaseRecord } from './records.js'
import { restartProgram } from './restart.js'

export async function routeTo(
  place: Place,
  from: Instance | null,
  to: Instance,
  context: OperationContext,
): Promise<void> {
  const { layout, options, ports, shell } = place
  const { folder } = releasePaths(layout, to.name)
  await refuseMissing(place, folder, to)
  await ensureOwnFolder(place)
  if (from === null) await keepStrangersLink(place, to.name, context.deployment)
  await switchCurrent(place, currentLinkText(to.name), async () => {
    await recordPublished(place, to.name, ports.clock.now().toISOString())
    await tidyUp(place)
  })
  if (options.restart === null) return
  const versions = { version: to.release.version, previousVersion: from?.release.version ?? null }
  const subject = { goal: 'serve', isUndoing: false, folder, instance: to, ...versions } as const
  await restartProgram(options.restart, subject, place.files, shell, context)
}

/** Nothing serves any more; or, where this deployment was the first to a place, what somebody had there before. */
export async function routeToNothing(place: Place, from: Instance, context: OperationContext): Promise<void> {
  const { layout, options, shell } = place
  const { folder } = releasePaths(layout, from.name)
  const record = await readRecord(place, from.name)
  const restored = linkToRestore(record, await readCurrent(place), context.deployment)
  if (restored === null) await removeCurrent(place)
  else await switchCurrent(place, restored)
  await tidyUp(place)
  if (options.restart === null) return
  const { version } = from.release
  if (restored !== null && (await isFolder(place, layout.current))) {
    const strangers = { version: '', previousVersion: version, folder: layout.current }
    const subject = { goal: 'serve', isUndoing: true, instance: from, ...strangers } as const
    return restartProgram(options.restart, subject, place.files, shell, context)
  }
  if (!(await isFolder(place, folder))) return // it was never staged, so it never ran
  const subject = {
    goal: 'stop',
    isUndoing: true,
    folder,
    instance: from,
    version,
    previousVersion: null,
  } as const
  await restartProgram(options.restart, subject, place.files, shell, context)
}

async function refuseMissing(ground: Ground, folder: string, to: Instance): Promise<void> {
  if (await isFolder(ground, folder)) return
  throw new DeployError('TARGET_REFUSED', `${to.service} cannot serve ${to.name}: ${folder} is not there.`, {
    hint: 'It was removed by hand. Deploy or roll back once more: the release is then fetched and staged again.',
  })
}

/** Links are followed: `current` is one. */
function isFolder({ files }: Ground, path: string): Promise<boolean> {
  return files.kindOf(path, 'follow').then(
    (kind) => kind === 'folder',
    () => false,
  )
}

/**
 * At the first deployment to a place that somebody else deployed to before, `current` leads to what serves there. That
 * link is kept in the record, so that undoing this deployment brings it back.
 */
async function keepStrangersLink(ground: Ground, name: string, deployment: string): Promise<void> {
  const current = await readCurrent(ground)
  const record = await readRecord(ground, name)
  if (record === null || current.kind !== 'link' || current.name === name) return
  await writeRecord(ground, { ...record, replacedLink: { deployment, text: current.text } })
}

/** Only what this very deployment has replaced, and only while its own link is there, or the old one again. */
function linkToRestore(record: ReleaseRecord | null, current: Current, deployment: string): string | null {
  if (record?.replacedLink?.deployment !== deployment) return null
  const { text } = record.replacedLink
  return current.kind === 'link' && (current.name === record.name || current.text === text) ? text : null
}

async function recordPublished(ground: Ground, name: string, at: string): Promise<void> {
  const record = await readRecord(ground, name)
  if (record === null || record.status === 'published') return
  await writeRecord(ground, { ...record, status: 'published', publishedAt: at })
}
