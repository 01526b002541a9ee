/** Everything there is to know of a folder's content, as data to be compared. */
import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

export type TreeFacts = Record<string, string>

/** Path to a line: type, mode, time in whole milliseconds, size and content or target. */
export function treeFacts(folder: string, parts: { readonly times?: boolean } = {}): TreeFacts {
  const facts: TreeFacts = {}
  const visit = (path: string): void => {
    for (const name of readdirSync(join(folder, path)).sort()) {
      const inner = path === '' ? name : `${path}/${name}`
      const full = join(folder, inner)
      const found = lstatSync(full)
      const mode = (found.mode & 0o7777).toString(8)
      const time = parts.times === false ? '' : ` at ${Math.round(found.mtimeMs)}`
      if (found.isSymbolicLink()) facts[inner] = `link to ${readlinkSync(full)}${time}`
      else if (found.isDirectory()) facts[inner] = `folder ${mode}${time}`
      else if (found.isFile()) facts[inner] = `file ${mode} ${found.size} ${hash(full)}${time}`
      else facts[inner] = 'something else'
      if (found.isDirectory()) visit(inner)
    }
  }
  visit('')
  return facts
}

function hash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)
}
