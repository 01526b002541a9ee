/** A served agent in a folder of its own, and how a test asks it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agentFolder, agentMemory } from '../../../src/drivers/control/agent-folder.js'
import { agentCaller } from '../../../src/drivers/control/call-agent.js'
import { serveAgent } from '../../../src/drivers/control/serve-agent.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import type { RunningAgent } from '../../../src/model/agent.js'

export const token = 'a-token-of-the-test'

export async function controlBench(longName = '') {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-control-'))
  const place = agentFolder({ type: 'local', path: `.deployctl${longName}` }, folder, 'staging')
  const memory = agentMemory(place)
  const closing: (() => Promise<void>)[] = []
  return {
    folder,
    place,
    memory,
    caller: agentCaller(place),
    /** The origin of the HTTP listener, or '' without one. */
    async serve(
      agent: RunningAgent,
      http: { readonly token: string | null } | null = { token },
    ): Promise<string> {
      let origin = ''
      const secrets = {
        reveal: (text: string) => Promise.resolve(text),
        mask: (text: string) => text,
        maskAll: <T>(data: T) => data,
      }
      const served = await serveAgent(agent, {
        folder: place,
        memory,
        http: http === null ? null : { host: '127.0.0.1', port: 0, token: http.token },
        ports: { clock: systemClock, secrets },
        say: (_, { url }) => {
          origin = String(url).replace(/\/$/, '')
        },
      })
      closing.push(() => served.close())
      return origin
    },
    close: async () => {
      for (const close of closing.splice(0)) await close()
    },
    async remove() {
      await this.close()
      await rm(folder, { recursive: true, force: true })
      if (!place.socket.startsWith(folder)) await rm(place.socket, { force: true })
    },
  }
}
