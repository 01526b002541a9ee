/** `deployctl agent` of the built program as a child process that a test talks to, kills and starts again. */
import { spawn, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cliPath } from './built-cli.js'

export interface AgentChild {
  readonly child: ChildProcess
  lines(): readonly Record<string, unknown>[]
  /** The first line whose message has this text; waits for it. */
  line(text: string): Promise<Record<string, unknown>>
  /** The exit code, or the name of the signal, once it has ended. */
  readonly ended: Promise<number | string | null>
  end(signal: NodeJS.Signals): Promise<number | string | null>
}

export function agentChild(folder: string, env: Record<string, string> = {}): AgentChild {
  const child = spawn(process.execPath, [cliPath, 'agent'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      XDG_CACHE_HOME: join(tmpdir(), 'deployctl-test-cache'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let written = ''
  let errors = ''
  child.stdout.on('data', (bytes) => (written += String(bytes)))
  child.stderr.on('data', (bytes) => (errors += String(bytes)))
  const ended = new Promise<number | string | null>((done) =>
    child.once('close', (code, signal) => done(code ?? signal)),
  )
  const lines = () =>
    written
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return {
    child,
    ended,
    lines,
    async line(text) {
      for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 25) {
        const found = lines().find(({ msg }) => String(msg).includes(text))
        if (found !== undefined) return found
        if (child.exitCode !== null || child.signalCode !== null) break
        await sleep(25)
      }
      throw new Error(`the agent never said "${text}", but:\n${written}${errors}`)
    },
    async end(signal) {
      child.kill(signal)
      return ended
    },
  }
}
