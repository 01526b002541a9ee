/** Deployctl itself: the built program and a process target, by `apply` as a person would. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from '../contender.js'

const program = join(import.meta.dirname, '../../../dist/deployctl.cjs')

export const deployctl: Contender = {
  name: 'deployctl apply',
  async start({ folder, port, language }, first) {
    const yaml = (version: string): string => `version: 1
project: bench
defaultEnvironment: local
sources: { app: { type: directory, path: releases, pattern: "v{version}" } }
services:
  app:
    source: app
    version: ${version.slice(1)}
    target:
      type: process
      path: srv
      command: ${JSON.stringify(language.command)}
      listen: ["127.0.0.1:${port}"]
      workers: 2
    strategy: { type: blue-green, minHealthyTime: 12s, drain: 30s }
healthChecks: { ready: { type: http, path: /, interval: 200ms, deadline: 10s } }
environments: { local: {} }
`
    const deploy = async (version: string): Promise<void> => {
      writeFileSync(join(folder, 'deploy.yaml'), yaml(version))
      await new Promise<void>((resolve) => {
        execFile(process.execPath, [program, 'apply', '--auto-approve'], { cwd: folder }, () => resolve())
      })
    }
    await deploy(first)
    return {
      deploy,
      async stop() {
        const file = join(folder, 'srv/.deployctl/holder/holder.json')
        const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number } // a holder's own
        process.kill(pid, 'SIGTERM')
        for (let tries = 0; tries < 200 && isThere(pid); tries++) await sleep(100)
      },
    }
  },
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
