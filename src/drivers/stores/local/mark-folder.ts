/** The marks of one environment: a file each, named after what the mark is about, so that the first of two stays. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { markName, type Mark } from '../../../model/mark.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { naming } from '../../system/file-error.js'
import { ifThere } from '../../system/if-there.js'
import { createAtomically } from '../../system/write-atomically.js'

const suffix = '.json'

export interface MarkFolder {
  leave(mark: Mark): Promise<Mark | null>
  readAll(): Promise<readonly Mark[]>
  remove(mark: Mark): Promise<void>
}

export function markFolder(folder: string): MarkFolder {
  const pathOf = (mark: Mark): string => join(folder, `${markName(mark)}${suffix}`)
  return {
    async leave(mark) {
      await ensureFolder(folder)
      const text = `${JSON.stringify({ type: 'deployctl-mark', format: 1, ...mark })}\n`
      if (await createAtomically(pathOf(mark), text)) return null
      return (await readMark(pathOf(mark))) ?? mark
    },
    async readAll() {
      const names = (await naming('read', folder, () => ifThere(readdir(folder)))) ?? []
      const paths = names.filter((name) => name.endsWith(suffix)).map((name) => join(folder, name))
      const marks = await Promise.all(paths.sort().map(readMark))
      return marks.filter((mark) => mark !== null)
    },
    async remove(mark) {
      await naming('remove', pathOf(mark), () => rm(pathOf(mark), { force: true }))
    },
  }
}

/** Null for what is gone by now, and for what is no mark: it says nothing. */
async function readMark(path: string): Promise<Mark | null> {
  const text = await naming('read', path, () => ifThere(readFile(path, 'utf8')))
  if (text === null) return null
  try {
    // Only `leave` makes files of this type.
    const file = JSON.parse(text) as Mark & { readonly type?: string; readonly format?: number }
    const { type, format, ...mark } = file
    return type === 'deployctl-mark' && format === 1 ? mark : null
  } catch {
    return null
  }
}
