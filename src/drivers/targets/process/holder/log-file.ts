/**
 * The file that a program's output goes to. The program writes to it by itself, so that it needs nobody to read; it is
 * kept small from outside: copied and then emptied, since a running program cannot be given another file.
 */
import { closeSync, openSync } from 'node:fs'
import { copyFile, mkdir, rename, rm, stat, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Settings } from './protocol.js'

/** A descriptor for one new process; the caller closes it once that has it. */
export async function openOutput(path: string): Promise<{ readonly fd: number; close(): void }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  const fd = openSync(path, 'a', 0o640)
  return { fd, close: () => closeSync(fd) }
}

/** Names of the file and its older parts, newest first: `x.log`, `x.log.1`. */
function logParts(path: string, keep: number): readonly string[] {
  return [path, ...Array.from({ length: keep }, (_, index) => `${path}.${index + 1}`)]
}

export async function rotate(path: string, { maxBytes, keep }: Settings['log']): Promise<void> {
  const facts = await stat(path).catch(() => null)
  if (facts === null || facts.size <= maxBytes) return
  const parts = logParts(path, keep).slice(1)
  const [first] = parts
  if (first !== undefined) {
    for (let at = parts.length - 1; at > 0; at--) {
      await rename(parts[at - 1] ?? '', parts[at] ?? '').catch(() => undefined) // there are not so many yet
    }
    await copyFile(path, first)
  }
  await truncate(path)
}

/** Every part, also those of a time when more were kept. */
export async function removeLog(path: string): Promise<void> {
  for (const part of logParts(path, mostParts)) await rm(part, { force: true })
}

/** As the schema has it. */
const mostParts = 100
