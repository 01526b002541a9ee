/** What releases have in common: linked in, first shipped, never lost, and never a way out of the place. */
import { lstat, mkdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sharedLinkText } from '../../../src/drivers/targets/directory/shared-plan.js'
import {
  directoryBench,
  worldOfTarget,
  type DirectoryBench,
  type Files,
} from '../../support/directory-bench.js'
import { admits } from '../../contract/driver-schema.js'
import { directoryDriver } from '../../../src/drivers/targets/directory.js'
import { shareOf, testScope } from '../../support/shares.js'

let bench: DirectoryBench
beforeEach(async () => {
  bench = await directoryBench()
})
afterEach(() => bench.end())

const at = (...place: readonly string[]) => join(bench.path, ...place)

/** Stages a release with these files and shared entries; answers its folder. */
async function stage(shared: readonly string[], files: Files, version = '1.0.0') {
  const options = { shared }
  const { instance, obtain } = await bench.release(version, files, options)
  const target = bench.target(options)
  await target.stage(instance, obtain, bench.context())
  return {
    folder: at('releases', instance.name),
    discard: () => target.discard(instance, bench.context()),
    route: () => target.route(shareOf(null), shareOf(instance), bench.context()),
  }
}

describe('what releases share', () => {
  test('what the first release ships becomes the shared one; what a later one ships is left out', async () => {
    const files = { '.env': { mode: 0o640, text: 'A=1' }, 'public/uploads/logo.png': 'png', 'app.js': '1' }
    const { folder } = await stage(['.env', 'public/uploads/'], files)
    expect(await readlink(join(folder, '.env'))).toBe('../../shared/.env')
    expect(await readlink(join(folder, 'public/uploads'))).toBe('../../../shared/public/uploads')
    expect((await stat(at('shared', '.env'))).mode & 0o777).toBe(0o640)
    await writeFile(join(folder, '.env'), 'A=2')
    const later = await stage(['.env', 'public/uploads/'], { ...files, 'app.js': '2' }, '1.0.1')
    expect(await readFile(join(later.folder, '.env'), 'utf8')).toBe('A=2')
    expect(await readFile(join(later.folder, 'public/uploads/logo.png'), 'utf8')).toBe('png')
  })

  test('a folder that nobody ships is made, a file that nobody ships is waited for and said', async () => {
    const { folder } = await stage(['log/', 'config/.env'], { 'app.js': '1' })
    expect((await stat(join(folder, 'log'))).isDirectory()).toBe(true)
    expect(bench.said.map(({ text }) => text)).toEqual([
      `${at('shared', 'config/.env')} is not there yet: put it there before the release needs it`,
    ])
    await writeFile(join(folder, 'config/.env'), 'late') // through the link that waits
    expect(await readFile(at('shared', 'config/.env'), 'utf8')).toBe('late')
  })

  test('a shared folder may itself be a link to another disk', async () => {
    await mkdir(join(bench.folder, 'big'))
    await mkdir(at('shared'), { recursive: true })
    await symlink(join(bench.folder, 'big'), at('shared', 'uploads'))
    const { folder } = await stage(['uploads/'], { 'uploads/x': 'shipped', 'app.js': '1' })
    await writeFile(join(folder, 'uploads', 'y'), 'there')
    expect(await readFile(join(bench.folder, 'big', 'y'), 'utf8')).toBe('there')
  })

  test('discarding takes back what nobody has used since, and nothing else', async () => {
    await stage(['kept/'], { 'kept/file': 'of an earlier release', 'app.js': '0' }, '0.9.0')
    const before = await worldOfTarget(bench)
    const shared = ['.env', 'a/b/c/', 'kept/', 'log/', 'seed/']
    const files = { '.env': 'A=1', 'seed/x': 'x', 'app.js': '1' }
    await (await stage(shared, files)).discard()
    expect(await worldOfTarget(bench)).toEqual(before)
    const { folder, discard } = await stage(shared, files)
    await writeFile(join(folder, 'seed', 'y'), 'of a user')
    await writeFile(join(folder, 'log', 'app.log'), 'a line')
    await discard()
    const kept = Object.keys(await worldOfTarget(bench)).filter((path) => path.startsWith('srv/shared/'))
    expect(kept.map((path) => path.slice('srv/shared/'.length))).toEqual([
      'kept',
      'kept/file',
      'log',
      'log/app.log',
      'seed',
      'seed/x',
      'seed/y',
    ])
  })

  test('what another release has come to use stays', async () => {
    const first = await stage(['.env'], { '.env': 'A=1', 'app.js': '1' })
    await stage(['.env'], { 'app.js': '2' }, '1.0.1')
    await first.discard()
    expect(await readFile(at('shared', '.env'), 'utf8')).toBe('A=1')
  })

  const refused: readonly (readonly [string, readonly string[], Files, string])[] = [
    ['a folder shipped where a file is shared', ['log'], { 'log/x': '' }, 'Write a "/"'],
    ['a file shipped where a folder is shared', ['log/'], { log: '' }, 'Mend one'],
    [
      'a link shipped where a folder is shared',
      ['log/'],
      { log: { link: 'other' }, 'other/x': '' },
      'Mend one',
    ],
    ['a link on the way to it', ['a/log/'], { a: { link: 'other' }, 'other/x': '' }, 'a folder'],
  ]
  for (const [title, shared, files, hint] of refused) {
    test(`${title} is refused`, async () => {
      await expect(stage(shared, files)).rejects.toMatchObject({
        code: 'TARGET_REFUSED',
        hint: expect.stringContaining(hint) as string,
      })
    })
  }

  test('a link inside "shared" is no way out', async () => {
    await mkdir(at('shared'), { recursive: true })
    await symlink('/etc', at('shared', 'a'))
    await expect(stage(['a/b/'], { x: '' })).rejects.toMatchObject({ code: 'TARGET_REFUSED' })
    await symlink('/nowhere', at('shared', 'c'))
    await expect(stage(['c'], { x: '' })).rejects.toMatchObject({
      message: expect.stringContaining('leads nowhere') as string,
    })
  })

  test('the wrong thing in "shared" is refused', async () => {
    await mkdir(at('shared'), { recursive: true })
    await writeFile(at('shared', 'log'), '')
    await expect(stage(['log/'], { x: '' })).rejects.toMatchObject({
      message: expect.stringContaining('is a file') as string,
    })
  })

  test('entries that climb, or are inside one another, are refused before anything else', () => {
    const spec = (shared: readonly string[]) => ({ type: 'directory', path: 'x', shared })
    for (const entry of ['/etc', '../x', 'a/../../x', 'a/..', '.', './a', 'a//b', '']) {
      expect(admits(directoryDriver.schema, spec([entry])), entry).toBe(false)
    }
    for (const entry of ['.env', 'a/b/', '..a', 'a..b/c', 'with space/ü']) {
      expect(admits(directoryDriver.schema, spec([entry])), entry).toBe(true)
    }
    expect(() => bench.target({ shared: ['a/', 'a/b'] })).toThrow('lies in "a"')
    expect(() => bench.target({ shared: ['a/', 'a'] })).toThrow('shared as well')
  })

  test('the link always leads from its place in a release to the same place in "shared"', () => {
    const part = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/)
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const place = parts.join('/')
        expect(join('/srv/releases/r', place, '..', sharedLinkText(place))).toBe(`/srv/shared/${place}`)
      }),
    )
  })
})

const isRoot = process.getuid?.() === 0

describe('the owner of a release', () => {
  test.skipIf(!isRoot)('has its files, links and what it first shared; deployctl keeps its own', async () => {
    const options = { shared: ['log/', '.env'], owner: 'nobody' }
    const { instance, obtain } = await bench.release(
      '1.0.0',
      { 'a/b': 'x', '.env': '', l: { link: 'a' } },
      options,
    )
    await bench.target(options).stage(instance, obtain, bench.context())
    const nobody = (await lstat(at('releases', instance.name))).uid
    expect(nobody).not.toBe(0)
    for (const place of ['a', 'a/b', 'l', 'log', '.env']) {
      expect((await lstat(at('releases', instance.name, place))).uid, place).toBe(nobody)
    }
    for (const place of ['', 'log', '.env'])
      expect((await lstat(at('shared', place))).uid, place).toBe(nobody)
    expect((await lstat(at('.deployctl'))).uid).toBe(0)
    expect((await lstat(at('.deployctl'))).mode & 0o777).toBe(0o700)
  })

  test.skipIf(!isRoot)('may be numbers, and a group', async () => {
    const options = { owner: '12345:54321' }
    const { instance, obtain } = await bench.release('1.0.0', { a: 'x' }, options)
    await bench.target(options).stage(instance, obtain, bench.context())
    expect(await lstat(at('releases', instance.name, 'a'))).toMatchObject({ uid: 12345, gid: 54321 })
  })

  test('can be somebody else only for root', async () => {
    const shell = { ...bench.ports.shell, run: asUser(1000, bench.ports.shell) }
    const target = directoryDriver.create({ type: 'directory', path: bench.path, owner: '0:0' }, testScope, {
      ...bench.ports,
      shell,
    })
    const claim = target.claim({ deployment: 'd1', by: 'ann', incoming: [] }, bench.context().signal)
    await expect(claim).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('only root') as string,
    })
    await rm(bench.path, { recursive: true, force: true })
  })
})

/** The real shell, but `id` answers as for that user. */
function asUser(
  uid: number,
  shell: DirectoryBench['ports']['shell'],
): DirectoryBench['ports']['shell']['run'] {
  const id = `id() { [ $# -gt 1 ] && command id "$@" || echo ${uid}; }`
  return (request, signal) => {
    if (!('run' in request.command)) return shell.run(request, signal)
    const [sh = '', flag = '', script = '', ...rest] = request.command.run
    return shell.run({ ...request, command: { run: [sh, flag, `${id}\n${script}`, ...rest] } }, signal)
  }
}
