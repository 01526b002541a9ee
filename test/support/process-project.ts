/** A project of one service in server mode, in a temporary folder, for the built program; and a client that never stops asking. */
import { mkdir, readFile, readdir, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { deployctl, type CliResult } from './built-cli.js'
import { freePort } from '../services/free-port.mjs'
import { endHolder, get, goodApp, type WrittenHolder } from './process-bench.js'
import { tinyProject } from './tiny-project.js'

export interface ProcessProject {
  readonly folder: string
  readonly port: number
  release(version: string, app?: string): Promise<void>
  run(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<CliResult>
  holder(): Promise<WrittenHolder | null>
  look(): Promise<Look>
  /** Asks again and again; ends with what did not go well. */
  ask(): { end(): Promise<readonly string[]> }
  remove(): Promise<void>
}

/** What there is, without times. */
export interface Look {
  readonly answer: string
  readonly current: string
  readonly releases: readonly string[]
  readonly running: readonly string[]
  readonly claims: readonly string[]
}

/** `WANTED` says which version is asked for. */
export const processYaml = (port: number, rest = ''): string => `version: 1
project: tiny
defaultEnvironment: local
sources:
  api: { type: directory, path: releases, pattern: 'v{version}' }
services:
  api:
    source: api
    version: \${env.WANTED:-latest}
    target:
      type: process
      path: srv
      command: [${process.execPath}, server.mjs]
      listen: ["127.0.0.1:${port}"]
      settle: 100ms
      restarts: { limit: 1, within: 1m }
    strategy: { type: blue-green, monitor: 100ms }
healthChecks:
  ready: { type: http, path: /, interval: 50ms, timeout: 2s, deadline: 3s }
environments: { local: {} }
${rest}`

export async function processProject(rest = ''): Promise<ProcessProject> {
  const port = await freePort()
  const project = await tinyProject(processYaml(port, rest))
  const { folder } = project
  const srv = join(folder, 'srv')
  const holder = async (): Promise<WrittenHolder | null> => {
    const text = await readFile(join(srv, '.deployctl/holder/holder.json'), 'utf8').catch(() => null)
    return text === null ? null : (JSON.parse(text) as WrittenHolder) // a holder's own
  }
  const release = async (version: string, app = goodApp(version)): Promise<void> => {
    const place = join(folder, 'releases', `v${version}`)
    await mkdir(place, { recursive: true })
    await writeFile(join(place, 'server.mjs'), app)
  }
  await release('1.0.0')
  return {
    folder,
    port,
    release,
    holder,
    run: (words, env = {}) => deployctl(words, { directory: folder, env }),
    look: async () => ({
      answer: await get(port),
      current: await readlink(join(srv, 'current')).catch(() => ''),
      releases: (await readdir(join(srv, 'releases')).catch(() => [])).sort(),
      running: ((await holder())?.workers ?? []).map(({ name }) => name).sort(),
      claims: await readdir(join(srv, '.deployctl/claim')).catch(() => []),
    }),
    ask() {
      const failures: string[] = []
      let isOver = false
      const asking = [1, 2].map(async () => {
        while (!isOver) {
          const answer = await get(port)
          if (!/^\d+\.\d+\.\d+$/.test(answer)) failures.push(answer)
          await sleep(10)
        }
      })
      return {
        async end() {
          isOver = true
          await Promise.all(asking)
          return failures
        },
      }
    },
    async remove() {
      const last = await holder()
      if (last !== null) await endHolder(last)
      await project.remove()
    },
  }
}
