/** A temporary folder for one test file, and small truths about processes and disks that its tests ask for. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** Removed when the file's tests are over. */
export async function scratchFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'deployctl-test-')))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export const never: AbortSignal = new AbortController().signal

export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) {
    if (await what()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`never came true: ${what.toString()}`)
}

/** A zombie does not run. */
export function isRunning(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' }).startsWith('Z')
  } catch {
    return false
  }
}

/** Root may mount file systems of its own, where the kernel lets it. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/bin/mount')

/** Runs the test on a file system of its own, which then goes; `options` are those of tmpfs. */
export async function onTinyDisk(
  folder: string,
  options: string,
  run: (disk: string) => Promise<void>,
): Promise<void> {
  const disk = join(folder, `disk-${process.hrtime.bigint()}`)
  await mkdir(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'deployctl-tests', disk])
  try {
    await run(disk)
  } finally {
    execFileSync('umount', ['--lazy', disk])
  }
}

export function remount(disk: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, disk])
}
