/**
 * A built agent over a web server that has nothing new, for tests and benches of what idling costs: polls are asked for one
 * after the other over the control socket, and between them the process says what it holds.
 */
import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { agentFolder } from '../../src/drivers/control/agent-folder.js'
import { agentCaller } from '../../src/drivers/control/call-agent.js'
import { makeTar } from './archives/make-tar.js'
import { agentChild } from './agent-child.js'
import { tinyProject } from './tiny-project.js'

export interface Held {
  /** Bytes, after garbage was collected. */
  readonly heapUsed: number
  readonly external: number
  readonly handles: number
  readonly files: number
  /** What the process has used of a core, before and after that collection. */
  readonly cpuBeforeMs: number
  readonly cpuAfterMs: number
}

export interface IdleAgent {
  /** Requests that the server had, those that it answered with "not modified", and all others. */
  readonly asked: { total: number; notModified: number }
  /** So many polls, one after the other. */
  poll(times: number): Promise<void>
  held(): Promise<Held>
  end(): Promise<number | string | null>
}

const preload = join(import.meta.dirname, 'watch-memory.cjs')

export async function idleAgent(interval = '1h'): Promise<IdleAgent> {
  const archive = makeTar({ name: 'page.txt', content: 'hello\n' })
  const asked = { total: 0, notModified: 0 }
  const sha256 = createHash('sha256').update(archive).digest('hex')
  const index = JSON.stringify([{ version: '1.0.0', url: 'web.tar', sha256 }])
  let heard = (): void => undefined
  const server = createServer((request, response) => {
    if (request.url === '/web.tar') return void response.end(archive)
    asked.total++
    const isKnown = request.headers['if-none-match'] === '"1"'
    if (isKnown) asked.notModified++
    response.writeHead(isKnown ? 304 : 200, { etag: '"1"', 'content-type': 'application/json' })
    response.end(isKnown ? undefined : index, () => heard())
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo // it listens on TCP
  const project = await tinyProject(`version: 1
project: tiny
defaultEnvironment: local
sources:
  web: { type: http, index: 'http://127.0.0.1:${port}/index.json', fields: { version: version, url: url, sha256: sha256 } }
services:
  web: { source: web, target: { type: directory, path: srv/web } }
agent: { interval: ${interval} }
environments: { local: {} }
`)
  const memoryFile = join(project.folder, 'memory.json')
  const env = { NODE_OPTIONS: `--expose-gc --require ${preload}`, MEMORY_FILE: memoryFile }
  const agent = agentChild(project.folder, env)
  await agent.line('web v1.0.0 is deployed')
  const caller = agentCaller(agentFolder({ type: 'local', path: '.deployctl' }, project.folder, 'local'))
  return {
    asked,
    async poll(times) {
      for (let polls = 0; polls < times; polls++) {
        const answered = new Promise<void>((resolve) => (heard = resolve))
        await caller.call('/api/v1/check', {})
        await answered
      }
    },
    async held() {
      await sleep(300) // the last poll comes to its end
      await rm(memoryFile, { force: true })
      agent.child.kill('SIGUSR2')
      for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 20) {
        const text = await readFile(memoryFile, 'utf8').catch(() => null)
        if (text !== null) return JSON.parse(text) as Held // as watch-memory.cjs writes it
        await sleep(20)
      }
      throw new Error('the agent says nothing of its memory')
    },
    async end() {
      const code = await agent.end('SIGTERM')
      server.closeAllConnections()
      server.close()
      await project.remove()
      return code
    },
  }
}
