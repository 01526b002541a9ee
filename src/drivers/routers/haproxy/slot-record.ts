/**
 * Which instance is in which slot: HAProxy knows addresses alone, so the names are ours to note down, beside it.
 *
 * The note is written before the first command of a switch and after the last: whoever is killed in between leaves
 * names for every slot that may have traffic. What HAProxy says always counts more than the note.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { ifThere } from '../../system/if-there.js'
import { naming } from '../../system/file-error.js'
import { writeAtomically } from '../../system/write-atomically.js'

export interface Tenant {
  readonly name: string
  readonly host: string
  readonly port: number
  /** As it was asked for; 0 when its traffic was taken away. */
  readonly weight: number
  /** The same, as HAProxy counts: 0 to 256. */
  readonly share: number
}

/** By the slot's name. */
export type SlotRecord = { readonly [slot: string]: Tenant }

interface RecordText {
  readonly type: 'deployctl-slots'
  readonly format: 1
  readonly backend: string
  readonly slots: SlotRecord
}

function pathIn(folder: string): string {
  return join(folder, 'slots.json')
}

export async function readRecord(folder: string, backend: string): Promise<SlotRecord> {
  const path = pathIn(folder)
  const text = await naming('read', path, () => ifThere(readFile(path, 'utf8')))
  if (text === null) return {}
  const parsed = parse(text)
  if (parsed === null) {
    throw new DeployError('STATE_CORRUPT', `${path} is not what deployctl wrote there.`, {
      hint: 'Move it away: the next deployment finds the slots again by the addresses of the instances.',
    })
  }
  return parsed.backend === backend ? parsed.slots : {} // of another backend: no slot of this one is known
}

export async function writeRecord(folder: string, backend: string, slots: SlotRecord): Promise<void> {
  const text: RecordText = { type: 'deployctl-slots', format: 1, backend, slots }
  await ensureFolder(folder)
  await writeAtomically(pathIn(folder), `${JSON.stringify(text, null, 2)}\n`)
}

function parse(text: string): RecordText | null {
  try {
    // Only writeRecord makes such files, whole; `type` and `format` tell them from anything else.
    const found = JSON.parse(text) as Partial<RecordText> | null
    if (found?.type !== 'deployctl-slots' || found.format !== 1) return null
    return typeof found.slots === 'object' ? (found as RecordText) : null // as said above
  } catch {
    return null
  }
}
