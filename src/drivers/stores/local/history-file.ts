/** One line a finished deployment, oldest first; read from the end, since people ask for the latest. */
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { HistoryRecord } from '../../../model/history.js'
import { openAppendLog } from '../../system/append-log.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { naming } from '../../system/file-error.js'
import { ifThere } from '../../system/if-there.js'
import { syncFolder } from '../../system/sync-folder.js'
import { linesFromEnd } from './lines-from-end.js'

export async function appendHistory(path: string, record: HistoryRecord): Promise<void> {
  await ensureFolder(dirname(path))
  const lastByte = await naming('read', path, () => readLastByte(path))
  const log = await openAppendLog(path, 'any')
  try {
    if (lastByte !== null && lastByte !== '\n') await log.append('') // ends a line that a power cut tore
    await log.append(JSON.stringify(record))
  } finally {
    await log.close()
  }
  if (lastByte === null) await naming('sync', dirname(path), () => syncFolder(dirname(path)))
}

/** Newest first; of two records of one deployment the later one counts. Lines that were torn are passed over. */
export async function readHistory(path: string, limit: number): Promise<readonly HistoryRecord[]> {
  const records = new Map<string, HistoryRecord>()
  if (limit <= 0) return []
  await naming('read', path, async () => {
    for await (const line of linesFromEnd(path)) {
      const record = parseRecord(line)
      if (record !== null && !records.has(record.deployment)) records.set(record.deployment, record)
      if (records.size >= limit) return
    }
  })
  return [...records.values()]
}

function parseRecord(line: string): HistoryRecord | null {
  try {
    // Only this file's writer makes such lines; `type` and `format` tell them from anything else.
    const record = JSON.parse(line) as Partial<HistoryRecord> | null
    return record?.type === 'deployctl-deployment' && record.format === 1 ? (record as HistoryRecord) : null
  } catch {
    return null
  }
}

async function readLastByte(path: string): Promise<string | null> {
  const handle = await ifThere(open(path, 'r'))
  if (handle === null) return null
  try {
    const { size } = await handle.stat()
    if (size === 0) return '\n'
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer.toString('latin1')
  } finally {
    await handle.close()
  }
}
