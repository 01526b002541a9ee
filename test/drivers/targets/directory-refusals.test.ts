/** What a deployment is not begun on: each is refused before anything is touched, in words that say what to do. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Release } from '../../../src/model/release.js'
import type { Target } from '../../../src/model/target.js'
import { lackOf, roomNeeded } from '../../../src/drivers/targets/directory/room.js'
import { startOf, thisPlace } from '../../../src/drivers/system/process-identity.js'
import { directoryBench, type DirectoryBench } from '../../support/directory-bench.js'
import { addressOf, testWith } from '../../support/needs.js'
import { worldOfFolder } from '../../support/world-of-folder.js'

const run = promisify(execFile)
const isRoot = userInfo().uid === 0

let bench: DirectoryBench
beforeEach(async () => {
  bench = await directoryBench()
})
afterEach(() => bench.end())

const claim = (target: Target, incoming: readonly Release[] = []) =>
  target.claim({ deployment: 'd1', by: 'ann', incoming }, bench.context().signal)

/** Refused with these words, and nothing was touched. */
async function refuses(target: Target, error: object, incoming: readonly Release[] = []): Promise<void> {
  const before = await worldOfFolder(bench.folder)
  await expect(claim(target, incoming)).rejects.toMatchObject({
    hint: expect.any(String) as string,
    ...error,
  })
  expect(await worldOfFolder(bench.folder)).toEqual(before)
}

/** Not even root may write there until the answer is called. */
async function protect(folder: string): Promise<() => Promise<unknown>> {
  if (!isRoot) {
    await chmod(folder, 0o555)
    return () => chmod(folder, 0o755)
  }
  await run('mount', ['-t', 'tmpfs', '-o', 'ro', 'deployctl-test', folder])
  return () => run('umount', [folder])
}

describe('a claim is refused', () => {
  test('when "current" is a file', async () => {
    await mkdir(bench.path)
    await writeFile(join(bench.path, 'current'), '')
    await refuses(bench.target(), {
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('is a file, not a link') as string,
    })
  })

  test('when "releases" is a link', async () => {
    await mkdir(join(bench.path, 'elsewhere'), { recursive: true })
    await symlink('elsewhere', join(bench.path, 'releases'))
    await refuses(bench.target(), {
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('releases is a link') as string,
    })
  })

  test('when "releases" is a file', async () => {
    await mkdir(bench.path)
    await writeFile(join(bench.path, 'releases'), '')
    await refuses(bench.target(), {
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('releases is a file') as string,
    })
  })

  test('when the path, or a part of it, is a file', async () => {
    await writeFile(bench.path, '')
    await refuses(bench.target(), {
      code: 'TARGET_REFUSED',
      message: `${bench.path} is a file, and it has to be a folder.`,
    })
    const deeper = bench.target({ path: join(bench.path, 'api') })
    await refuses(deeper, {
      code: 'TARGET_REFUSED',
      message: expect.stringContaining(`: ${bench.path} is a file`) as string,
    })
  })

  test('when the path cannot be written', async () => {
    await mkdir(bench.path)
    const release = await protect(bench.path)
    try {
      await refuses(bench.target(), {
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('is not writable') as string,
      })
      const deeper = bench.target({ path: join(bench.path, 'a', 'b') })
      await refuses(deeper, {
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('cannot be made') as string,
      })
    } finally {
      await release()
    }
  })

  test('when a folder inside cannot be written', async () => {
    await mkdir(join(bench.path, 'shared'), { recursive: true })
    const release = await protect(join(bench.path, 'shared'))
    try {
      await refuses(bench.target(), {
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('shared is not writable') as string,
      })
    } finally {
      await release()
    }
  })

  test.skipIf(!isRoot)('when the releases lie on another file system', async () => {
    await mkdir(join(bench.path, 'releases'), { recursive: true })
    await run('mount', ['-t', 'tmpfs', 'deployctl-test', join(bench.path, 'releases')])
    try {
      await refuses(bench.target(), {
        code: 'TARGET_REFUSED',
        message: expect.stringContaining('another file system') as string,
      })
    } finally {
      await run('umount', [join(bench.path, 'releases')])
    }
  })

  test('when there is no such owner', async () => {
    await refuses(bench.target({ owner: 'nobody-of-that-name' }), {
      code: 'TARGET_REFUSED',
      message: 'owner: there is no user "nobody-of-that-name" on this machine.',
    })
    await refuses(bench.target({ owner: '0:no-such-group' }), {
      message: expect.stringContaining('no group') as string,
    })
  })

  test('when the disk has no room for the release', async () => {
    const release = { ...(await bench.release('1.0.0', { a: '' })).instance.release }
    const huge = { ...release, artifact: { ...release.artifact, unpackedSize: 2 ** 52 } }
    await refuses(
      bench.target(),
      { code: 'DISK_FULL', message: expect.stringMatching(/about .* TB are needed, .* free/) as string },
      [huge],
    )
  })

  testWith('small-disk')('when a really small disk has no room, or no inodes', async () => {
    const { instance } = await bench.release('1.0.0', { a: '' })
    const sized = (unpackedSize: number) => [
      { ...instance.release, artifact: { ...instance.release.artifact, unpackedSize } },
    ]
    const target = bench.target({ path: join(addressOf('small-disk'), 'srv') })
    await refuses(target, { code: 'DISK_FULL' }, sized(9_000_000))
    await (await claim(target, sized(1_000_000))).release()
  })

  test('for want of inodes as well, where a file system has only so many', () => {
    const need = roomNeeded([10_000_000])
    expect(lackOf(need, { bytes: 1e12, files: 20 })).toMatch(
      /^at least \d+ free inodes are needed, 20 are there$/,
    )
    expect(lackOf(need, { bytes: 1e12, files: null })).toBeNull()
    expect(lackOf(need, { bytes: 1e6, files: null })).toMatch(/^about 11 MB are needed, 1.0 MB are free$/)
  })
})

describe('a claim of somebody who is gone', () => {
  const left = async (about: object) => {
    const folder = join(bench.path, '.deployctl', 'claim')
    await mkdir(folder, { recursive: true })
    const file = {
      format: 1,
      deployment: 'd0',
      by: 'bob',
      host: hostname(),
      since: '2026-01-01T00:00:00.000Z',
      ...about,
    }
    await writeFile(join(folder, 'aaaa.json'), JSON.stringify(file))
  }

  test('is taken over when its process has ended', async () => {
    const { stdout } = await run('sh', ['-c', 'echo $$'])
    await left({ pid: Number(stdout), startedAt: 'long ago', place: thisPlace() })
    const held = await claim(bench.target())
    await expect(claim(bench.target())).rejects.toMatchObject({
      message: expect.stringContaining('by ann') as string,
    })
    await held.release()
  })

  test('is taken over when another process has got its number since', async () => {
    await left({ pid: process.pid, startedAt: 'another start', place: thisPlace() })
    await (await claim(bench.target())).release()
  })

  test('stands while its process lives', async () => {
    await left({ pid: process.pid, startedAt: (await startOf(process.pid)) ?? '', place: thisPlace() })
    await expect(claim(bench.target())).rejects.toMatchObject({
      code: 'LOCKED',
      message: `${bench.path} is being deployed to by bob (deployment d0).`,
      details: [expect.stringContaining(`process ${process.pid}, since 2026-01-01`) as string],
    })
  })

  test('of this very process is cleared away by its next deployment, and stands within one', async () => {
    const signal = new AbortController().signal
    const again = (attempt: string) =>
      bench.target().claim({ deployment: `d${attempt}`, by: 'ann', attempt, incoming: [] }, signal)
    await again('1') // the host went away before it could be given back
    await expect(again('1')).rejects.toMatchObject({ code: 'LOCKED' })
    await (await again('2')).release()
  })

  test('of another machine stands, and the refusal says how to end it', async () => {
    await left({ pid: 1, startedAt: '', place: { ...thisPlace(), machineId: 'another' } })
    await expect(claim(bench.target())).rejects.toMatchObject({
      code: 'LOCKED',
      hint: expect.stringContaining('deployctl unlock ') as string,
    })
  })

  test('that cannot be read stands as well', async () => {
    await left({})
    await writeFile(join(bench.path, '.deployctl', 'claim', 'bbbb.json'), 'garbage')
    await expect(claim(bench.target())).rejects.toMatchObject({ code: 'LOCKED' })
  })
})
