/**
 * The journals of one environment: a file for each deployment, open ones here and finished ones under `closed/`.
 *
 * So `unfinished`, which every command asks for, reads only what is really unfinished. What a crash left between the
 * last line and the move is finished all the same, and moved by whoever begins the next journal.
 */
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import type { JournalFile, JournalHeader } from '../../../model/journal.js'
import type { JournalWriter } from '../../../model/state-store.js'
import { openAppendLog, type AppendLog } from '../../system/append-log.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { naming } from '../../system/file-error.js'
import { ifThere } from '../../system/if-there.js'
import { syncFolder } from '../../system/sync-folder.js'
import { beginningOf, endsClosed, hasBegun, parseJournal } from './journal-text.js'

const keepClosed = 100
const suffix = '.jsonl'

export interface JournalFolder {
  create(header: JournalHeader): Promise<JournalWriter>
  reopen(deployment: string): Promise<JournalWriter>
  read(deployment: string): Promise<JournalFile | null>
  unfinished(): Promise<readonly string[]>
}

export function journalFolder(folder: string): JournalFolder {
  const closed = join(folder, 'closed')

  return {
    async create(header) {
      const path = journalPath(folder, header.deployment)
      await ensureFolder(folder)
      await tidy(folder, closed)
      const log = await openAppendLog(path, 'new')
      try {
        await log.append(JSON.stringify(header))
        await naming('sync', folder, () => syncFolder(folder))
      } catch (error) {
        await log.close().catch(() => undefined) // the error above is what counts
        await rm(path, { force: true }).catch(() => undefined)
        throw error
      }
      return writer(log, path, closed)
    },

    async reopen(deployment) {
      const path = journalPath(folder, deployment)
      const bytes = await readIfThere(path)
      const journal = bytes === null ? null : parseJournal(bytes, path)
      if (bytes === null || journal === null) {
        throw new DeployError('DEPLOYMENT_UNKNOWN', `there is no unfinished deployment ${deployment}`, {
          hint: 'deployctl status shows what is unfinished.',
        })
      }
      if (journal.goodBytes < bytes.length)
        await naming('repair', path, () => truncate(path, journal.goodBytes))
      return writer(await openAppendLog(path, 'existing'), path, closed)
    },

    async read(deployment) {
      if (!isName(deployment)) return null
      for (const path of [journalPath(folder, deployment), journalPath(closed, deployment)]) {
        const bytes = await readIfThere(path)
        const journal = bytes === null ? null : parseJournal(bytes, path)
        if (journal !== null) return { header: journal.header, entries: journal.entries }
      }
      return null
    },

    async unfinished() {
      const open = (await surveyOpen(folder)).filter((journal) => journal.status === 'unfinished')
      if (open.length < 2) return open.map((journal) => journal.deployment)
      const dated = open.map(({ deployment, bytes }) => ({ deployment, at: beginningOf(bytes) }))
      dated.sort((a, b) => (a.at === b.at ? (a.deployment < b.deployment ? -1 : 1) : a.at < b.at ? -1 : 1))
      return dated.map((journal) => journal.deployment)
    },
  }
}

function writer(log: AppendLog, path: string, closed: string): JournalWriter {
  let isFinished = false
  return {
    async append(entry) {
      await log.append(JSON.stringify(entry))
      if (entry.type === 'closed') isFinished = true
    },
    async close() {
      await log.close()
      if (!isFinished) return
      // Moving and pruning is tidiness: what is left undone is done by the next deployment.
      await archive(path, closed).catch(() => undefined)
    },
  }
}

async function archive(path: string, closed: string): Promise<void> {
  await ensureFolder(closed)
  await rename(path, join(closed, basename(path)))
  await syncFolder(closed)
  await syncFolder(join(closed, '..'))
  const names = await readdir(closed)
  if (names.length <= keepClosed) return
  const dated = await Promise.all(
    names.map(async (name) => ({ path: join(closed, name), ms: (await stat(join(closed, name))).mtimeMs })),
  )
  dated.sort((a, b) => b.ms - a.ms)
  await Promise.all(dated.slice(keepClosed).map((old) => rm(old.path, { force: true })))
}

/** Heals what crashes left: finished journals are moved, and those that never began are removed. */
async function tidy(folder: string, closed: string): Promise<void> {
  for (const { deployment, status } of await surveyOpen(folder)) {
    const path = journalPath(folder, deployment)
    if (status === 'closed') await archive(path, closed)
    if (status === 'empty') await rm(path, { force: true })
  }
}

interface OpenJournal {
  readonly deployment: string
  /** `empty`: its header was never completely written, so nothing was started. */
  readonly status: 'unfinished' | 'closed' | 'empty'
  readonly bytes: Buffer
}

async function surveyOpen(folder: string): Promise<readonly OpenJournal[]> {
  const names = (await naming('read', folder, () => ifThere(readdir(folder)))) ?? []
  const found = names.filter((name) => name.endsWith(suffix)).sort()
  const journals: OpenJournal[] = []
  for (const name of found) {
    const bytes = await readIfThere(join(folder, name))
    if (bytes === null) continue // its writer has moved it this moment
    const status = hasBegun(bytes) ? (endsClosed(bytes) ? 'closed' : 'unfinished') : 'empty'
    journals.push({ deployment: name.slice(0, -suffix.length), status, bytes })
  }
  return journals
}

async function truncate(path: string, bytes: number): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.truncate(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isName(deployment: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(deployment)
}

function journalPath(folder: string, deployment: string): string {
  if (isName(deployment)) return join(folder, `${deployment}${suffix}`)
  throw new DeployError('DEPLOYMENT_UNKNOWN', `"${deployment}" cannot be the id of a deployment`, {
    hint: 'deployctl history shows the ids.',
  })
}

async function readIfThere(path: string): Promise<Buffer | null> {
  return naming('read', path, () => ifThere(readFile(path)))
}
