/** The built program as a child process: what people and pipelines run. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const cliPath = join(import.meta.dirname, '..', '..', 'dist', 'deployctl.cjs')

export interface CliResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly directory: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string
  /** Called with everything written so far, whenever something is; may send a signal. */
  readonly onOutput?: (written: string, kill: (signal: NodeJS.Signals) => void) => void
}

/** Runs `deployctl` with these words in a folder; never rejects for what the program does. */
export function deployctl(words: readonly string[], options: CliOptions): Promise<CliResult> {
  if (!existsSync(cliPath)) throw new Error('the CLI is not built: npm run build')
  const child = spawn(process.execPath, [cliPath, ...words], {
    cwd: options.directory,
    env: {
      ...withoutOurs(process.env),
      XDG_CACHE_HOME: join(tmpdir(), 'deployctl-test-cache'),
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  const listen = (name: 'stdout' | 'stderr') => (bytes: Buffer) => {
    written[name] += String(bytes)
    options.onOutput?.(written.stdout + written.stderr, (signal) => child.kill(signal))
  }
  child.stdout.on('data', listen('stdout'))
  child.stderr.on('data', listen('stderr'))
  child.stdin.on('error', () => undefined) // it may end without reading
  child.stdin.end(options.input ?? '')
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', (code, signal) => done({ code, signal, ...written }))
  })
}

/** Variables that steer colour, CI and tests must not reach the program by accident. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(NO_COLOR|FORCE_COLOR|CI|NODE_OPTIONS|VITEST.*|DEPLOYCTL_.*|HELLO_.*|NODE_ENV)$/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)))
}
