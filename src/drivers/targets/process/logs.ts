/** The output of releases that a holder keeps up: a file for each. */
import { open, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import type { Ports } from '../../../model/ports.js'
import type { Layout } from '../directory/layout.js'
import { removeLog } from './holder/log-file.js'
import type { Output } from './output.js'
import { showLines } from './show-lines.js'

const tailBytes = 32 * 1024
const mostLines = 50
const longestLine = 500

export function logFileOf(layout: Layout, name: string): string {
  return join(layout.root, 'log', `${name}.log`)
}

export function logFiles(layout: Layout, ports: Ports): Output {
  return {
    lastLines: (name) => lastLines(logFileOf(layout, name)),
    async show(name, { lastLines: count, follow }, onLine, signal) {
      const file = logFileOf(layout, name)
      if ((await stat(file).catch(() => null)) === null) {
        throw new DeployError('TARGET_REFUSED', `${name} has said nothing yet: ${file} is not there.`)
      }
      // by its name, so that it is followed beyond the moment when it is emptied
      const run = ['tail', '-n', `${count}`, ...(follow ? ['-F'] : []), file]
      await showLines(ports, { run, follow }, onLine, signal)
    },
    async remove(names) {
      for (const name of names) await removeLog(logFileOf(layout, name))
      await rmdir(join(layout.root, 'log')).catch(() => undefined) // others are there, or it never was
    },
  }
}

async function lastLines(file: string): Promise<readonly string[]> {
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
