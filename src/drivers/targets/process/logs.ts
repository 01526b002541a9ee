/** Where the output of a release lies, and what it said last. */
import { open, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Layout } from '../directory/layout.js'
import { removeLog } from './holder/log-file.js'

const tailBytes = 32 * 1024
const mostLines = 50
const longestLine = 500

export function logFileOf(layout: Layout, name: string): string {
  return join(layout.root, 'log', `${name}.log`)
}

export async function removeLogsOf(layout: Layout, names: readonly string[]): Promise<void> {
  for (const name of names) await removeLog(logFileOf(layout, name))
  await rmdir(join(layout.root, 'log')).catch(() => undefined) // others are there, or it never was
}

/** Empty when there is none. */
export async function lastLines(file: string): Promise<readonly string[]> {
  const handle = await open(file, 'r').catch(() => null)
  if (handle === null) return []
  try {
    const { size } = await handle.stat()
    const from = Math.max(size - tailBytes, 0)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(tailBytes), 0, tailBytes, from)
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n')
    return lines
      .slice(from === 0 ? 0 : 1)
      .filter((line) => line !== '')
      .slice(-mostLines)
      .map((line) => line.slice(0, longestLine))
  } finally {
    await handle.close()
  }
}
