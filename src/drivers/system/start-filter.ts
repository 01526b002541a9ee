/**
 * Runs a program as a filter: a file in, a stream of bytes out. The shell port is for text, kept by lines and bounded;
 * what a decompressor writes is neither, so it has a door of its own.
 */
import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { DeployError, systemCodeOf } from '../../base/deploy-error.js'

const mostErrorBytes = 4096

export interface FilterEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  /** What it wrote to standard error; the beginning of it. */
  readonly errors: string
}

export interface Filter {
  /** To be read to its end, or `stop` to be called. */
  readonly output: Readable
  readonly ended: Promise<FilterEnd>
  /** Ends it at once. Resolves when it is gone. */
  stop(): Promise<void>
}

/** Throws DeployError COMMAND_NOT_FOUND when there is no such program. */
export async function startFilter(command: readonly string[], inputPath: string): Promise<Filter> {
  const [program = '', ...args] = command
  const input = await open(inputPath, 'r')
  try {
    const child = spawn(program, args, {
      stdio: [input.fd, 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    })
    const { stdout, stderr } = child
    if (stdout === null || stderr === null) throw new Error('no pipes') // they were asked for above
    const ended = new Promise<FilterEnd>((resolve) => {
      let errors = ''
      stderr.on('data', (chunk: Buffer) => {
        if (errors.length < mostErrorBytes) errors += chunk.toString('utf8')
      })
      child.on('close', (exitCode) => resolve({ exitCode, errors: errors.trim() }))
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    return {
      output: stdout,
      ended,
      async stop() {
        stdout.destroy()
        child.kill('SIGKILL')
        await ended
      },
    }
  } catch (error) {
    const missing = systemCodeOf(error) === 'ENOENT'
    const says = error instanceof Error ? error.message : String(error)
    throw new DeployError(
      missing ? 'COMMAND_NOT_FOUND' : 'COMMAND_FAILED',
      missing ? `"${program}" is not installed` : `"${program}" could not be started: ${says}`,
      { hint: `Install ${program}, and see that it is on the PATH.`, cause: error },
    )
  } finally {
    await input.close()
  }
}
