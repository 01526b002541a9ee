/** Commands of the contenders, with their own words when one fails. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export interface Place {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

export async function runCommand(place: Place, program: string, ...words: string[]): Promise<string> {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, ...place.env }
  try {
    const { stdout } = await execute(program, words, { cwd: place.folder, env, timeout: 120_000 })
    return stdout.trim()
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error)
    throw new Error(`${program} ${words.join(' ')}: ${said}`, { cause: error })
  }
}
