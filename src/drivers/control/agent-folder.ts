/** Where an agent keeps what is its own: the control socket, its token, what waits to be delivered. Private to its owner. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { AgentMemory } from '../../model/agent.js'
import type { DriverSpec } from '../../model/spec.js'
import { ensureFolder } from '../system/ensure-folder.js'
import { naming } from '../system/file-error.js'
import { ifThere } from '../system/if-there.js'
import { socketPathIn } from '../system/socket-path.js'
import { writeAtomically } from '../system/write-atomically.js'

export interface AgentFolder {
  readonly path: string
  /** Of the control socket; elsewhere when the folder's own path is too long for one. */
  readonly socket: string
  /** The folder of the socket. */
  readonly socketFolder: string
}

/** Beside the state where that is a folder, so that a project is in one place; beside deploy.yaml otherwise. */
export function agentFolder(state: DriverSpec, projectDirectory: string, environment: string): AgentFolder {
  const base = state.type === 'local' && typeof state['path'] === 'string' ? state['path'] : '.deployctl'
  const path = join(resolve(projectDirectory, base), 'agent', environment)
  return { path, ...socketPathIn(path, 'control.sock') }
}

export function agentMemory({ path }: AgentFolder): AgentMemory {
  return {
    read: (name) => naming('read', join(path, name), () => ifThere(readFile(join(path, name), 'utf8'))),
    async write(name, text) {
      await ensureFolder(path)
      await writeAtomically(join(path, name), text)
    },
  }
}
