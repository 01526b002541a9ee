/** Perl's start_server (Debian: libserver-starter-perl): a link to the release, and a restart that waits 12 s before TERM. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { requirePrograms } from '../../../test/services/packages.mjs'
import type { Contender } from '../contender.js'

export const startServer: Contender = {
  name: 'start_server --restart',
  async start({ folder, port, language }, first) {
    await requirePrograms({ start_server: 'libserver-starter-perl' })
    const files = [`--pid-file=${join(folder, 'pid')}`, `--status-file=${join(folder, 'status')}`]
    const link = (version: string): void => {
      symlinkSync(join('releases', version), join(folder, 'next'))
      renameSync(join(folder, 'next'), join(folder, 'current'))
    }
    link(first)
    const run = ['sh', '-c', 'cd current/. && exec "$@"', 'sh', ...language.command]
    const words = [
      `--port=127.0.0.1:${port}`,
      '--interval=12',
      '--signal-on-hup=TERM',
      ...files,
      '--',
      ...run,
    ]
    const child = spawn('start_server', words, { cwd: folder, stdio: 'ignore' })
    while (!existsSync(join(folder, 'status'))) await sleep(200) // written when the first one has been up for the interval
    return {
      async deploy(version) {
        link(version)
        // it waits for a release that falls over for ever: nobody would
        await new Promise<void>((resolve) => {
          execFile('start_server', ['--restart', ...files], { cwd: folder, timeout: 45_000 }, () => resolve())
        })
      },
      async stop() {
        child.kill('SIGTERM')
        await once(child, 'exit')
      },
    }
  },
}
