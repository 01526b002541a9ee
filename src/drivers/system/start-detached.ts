/** Starts a process that outlives this one: in a session of its own, with nothing of this one but its environment. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** What it says goes to the file. Resolves once it has started; rejects when it cannot be. */
export async function startDetached(command: readonly string[], logFile: string): Promise<void> {
  const [file = '', ...args] = command
  const log = openSync(logFile, 'w', 0o600)
  try {
    const child = spawn(file, args, {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: plainEnvironment(),
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    child.unref()
  } finally {
    closeSync(log)
  }
}

/** It lives long: secrets that this command was given are no business of its. */
function plainEnvironment(): { readonly [name: string]: string } {
  return Object.fromEntries(
    ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'].flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
