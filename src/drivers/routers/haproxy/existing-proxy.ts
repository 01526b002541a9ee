/** An HAProxy that others run: it is asked and told, never started; its file is kept up to date where it is named. */
import { chown, readFile, realpath, stat } from 'node:fs/promises'
import { DeployError } from '../../../base/deploy-error.js'
import type { Clock } from '../../../model/clock.js'
import { naming } from '../../system/file-error.js'
import { writeAtomically } from '../../system/write-atomically.js'
import type { ExistingOptions } from './options.js'
import type { Proxy } from './proxy.js'
import { NotRunning, runtimeSocket } from './runtime-socket.js'
import { withServers } from './server-lines.js'

export function existingProxy({ socket, backend, config }: ExistingOptions, clock: Clock): Proxy {
  const ask = runtimeSocket(socket, clock)
  return {
    ask,
    backend,
    called: `HAProxy at ${socket}`,
    async trouble() {
      if (config !== null) await readSection(config, backend)
      return null
    },
    async ensure(_record, _atStart, { signal }) {
      if (config !== null) await readSection(config, backend) // refused before anything has changed
      try {
        await ask('show info', signal)
      } catch (error) {
        if (!(error instanceof NotRunning)) throw error
        throw new DeployError('TARGET_REFUSED', error.message, {
          hint: `Start HAProxy, or correct socket:. Its configuration needs in global: stats socket ${socket} level admin`,
          cause: error,
        })
      }
      return 'was running'
    },
    async persist(record) {
      if (config === null) return
      const path = await naming('read', config, () => realpath(config)) // a link stays a link
      const text = await readSection(path, backend)
      const changed = withServers(text, backend, record) ?? text
      if (changed === text) return
      const { mode, uid, gid } = await stat(path)
      await writeAtomically(path, changed, mode & 0o777)
      const now = await stat(path)
      if (now.uid !== uid || now.gid !== gid) await naming('give back', path, () => chown(path, uid, gid))
    },
    hasPredecessors: () => Promise.resolve(false), // not ours to know
  }
}

async function readSection(path: string, backend: string): Promise<string> {
  const text = await naming('read', path, () => readFile(path, 'utf8'))
  if (withServers(text, backend, {}) !== null) return text
  throw new DeployError('CONFIG_INVALID', `${path} has no section \`backend ${backend}\` with servers.`, {
    hint: 'Name the file that has it in config:, or leave config: out.',
  })
}
