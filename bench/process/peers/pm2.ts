/** npm's pm2 in cluster mode, told to wait until the app says that it is ready; installed into the bench's own folder. */
import { execFile } from 'node:child_process'
import { renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Contender } from '../contender.js'

const run = promisify(execFile)

export const pm2: Contender = {
  name: 'pm2 reload (cluster)',
  start({ folder, port, language }, first) {
    if (language.name !== 'node') return undefined // a cluster is of Node processes
    return (async () => {
      await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, 'pm2@6'])
      const program = join(folder, 'node_modules/.bin/pm2')
      const env = { ...process.env, PM2_HOME: join(folder, '.pm2'), PORT: `${port}` }
      const link = (version: string): void => {
        symlinkSync(join('releases', version), join(folder, 'next'))
        renameSync(join(folder, 'next'), join(folder, 'current'))
      }
      link(first)
      const app = {
        name: 'app',
        script: join(folder, 'current', language.file),
        exec_mode: 'cluster',
        instances: 2,
        wait_ready: true,
        listen_timeout: 10_000,
        kill_timeout: 30_000,
      }
      writeFileSync(join(folder, 'pm2.json'), JSON.stringify({ apps: [app] }))
      await run(program, ['start', 'pm2.json'], { cwd: folder, env })
      return {
        async deploy(version) {
          link(version)
          await run(program, ['reload', 'app'], { cwd: folder, env, timeout: 90_000 }).catch(() => undefined)
        },
        async stop() {
          await run(program, ['kill'], { cwd: folder, env })
        },
      }
    })()
  },
}
