/** Taking over what was deployed by hand or by Capistrano: nothing is lost, and what fails is as it was. */
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lookAtPlace, migrate, type AdoptionPlace } from '../../src/app/adopt/adopt.js'
import { systemShell } from '../../src/drivers/system/system-shell.js'
import type { Shell } from '../../src/model/shell.js'
import { writeFiles, type Files } from '../support/directory-bench.js'
import { worldOfFolder } from '../support/world-of-folder.js'

const never = new AbortController().signal
let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), `deployctl-adopt it's "a"-`))
  path = join(folder, 'my app')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const application: Files = {
  'index.html': 'hello',
  'package.json': '{\n  "name": "x",\n  "version": "1.2.3"\n}',
  '.env': 'A=1',
  'log/app.log': 'line',
  'public/uploads/a picture.png': 'pic',
  'config/master.key': 'key',
  'bin/run': { mode: 0o755, text: '#!/bin/sh' },
  'it\'s a "dir"/x': 'y',
}
const below = (prefix: string): Files =>
  Object.fromEntries(Object.entries(application).map(([place, content]) => [`${prefix}/${place}`, content]))

const kinds: { readonly [kind: string]: () => Promise<void> } = {
  plain: () => writeFiles(path, application),
  current: () => writeFiles(path, { ...below('current'), 'releases/old/index.html': 'old' }),
  async releases() {
    await writeFiles(path, {
      'releases/20260101/index.html': 'hello',
      'releases/20260101/log': { link: '../../shared/log' },
      'releases/20260101/.env': { link: '../../shared/.env' },
      'releases/20260101/REVISION': 'abc123',
      'shared/log/app.log': 'line',
      'shared/.env': 'A=1',
    })
    await symlink(join(path, 'releases/20260101'), join(path, 'current'))
  },
}

const placeWith = (shell: Shell): AdoptionPlace => ({ where: path, host: null, path, shell })
const look = () => lookAtPlace(placeWith(systemShell), never)
const world = () => worldOfFolder(folder, { without: (one) => one.endsWith('.before-adoption.tar.gz') })

/** Lets a number of commands through and then calls one a failure, after all of its effect. */
function failing(at: number): Shell {
  let count = 0
  return {
    ...systemShell,
    async run(request, signal) {
      const isIt = count++ === at
      const result = await systemShell.run(request, signal)
      return isIt ? { ...result, exitCode: 1, lastLines: ['no luck'] } : result
    },
  }
}

describe.each(Object.entries(kinds))('a place of the kind "%s"', (kind, prepare) => {
  beforeEach(() => prepare())

  test('is recognised, and looking changes nothing', async () => {
    const before = await world()
    const { found, steps } = await look()
    expect(found).toMatchObject({ kind, refusals: [] })
    expect(found.shared.map(({ place }) => place)).toEqual(
      kind === 'releases' ? ['.env', 'log'] : ['.env', 'config/master.key', 'log', 'public/uploads'],
    )
    expect(found.version).toBe(kind === 'releases' ? 'abc123' : '1.2.3')
    expect(steps.length).toBeGreaterThan(0)
    expect(await world()).toEqual(before)
  })

  test('is taken over without losing a file: where it was, and behind the link', async () => {
    await migrate(placeWith(systemShell), await look(), () => undefined, never)
    const files =
      kind === 'releases' ? { 'index.html': 'hello', '.env': 'A=1', 'log/app.log': 'line' } : application
    for (const from of kind === 'plain' ? ['.', 'current'] : ['current']) {
      for (const [place, content] of Object.entries(files)) {
        const text =
          typeof content === 'object' && content !== null && 'text' in content ? content.text : content
        expect([from, place, await readFile(join(path, from, place), 'utf8')]).toEqual([from, place, text])
      }
    }
    const after = await look()
    expect(after.found).toMatchObject({ kind: 'releases', refusals: [] })
    await migrate(placeWith(systemShell), after, () => undefined, never) // what is done is left alone
  })

  test('is as it was when any step fails', async () => {
    const before = await world()
    const adoption = await look()
    for (let at = 0; at < adoption.steps.length; at++) {
      const failed = migrate(placeWith(failing(at)), adoption, () => undefined, never)
      await expect(failed).rejects.toMatchObject({
        message: expect.stringContaining('Everything is as it was.') as string,
        details: ['no luck'],
      })
      expect([at, await world()]).toEqual([at, before])
    }
    const stop = new AbortController()
    let count = 0
    const interrupted = migrate(
      placeWith(systemShell),
      adoption,
      () => ++count === 2 && stop.abort(),
      stop.signal,
    )
    if (adoption.steps.length > 1) await expect(interrupted).rejects.toMatchObject({ code: 'COMMAND_FAILED' })
    else await interrupted
  })
})

describe('what is not taken over', () => {
  const refusals = async (files: Files) => {
    await writeFiles(path, files)
    const { found, steps } = await look()
    expect(steps).toEqual([])
    return found.refusals.join(' ')
  }
  test('a link that leads nowhere', async () => {
    expect(await refusals({ 'releases/1/x': 'x', current: { link: 'releases/2' } })).toContain(
      'current leads to releases/2, which is not there',
    )
  })
  test('a file in the place of a folder', async () => {
    expect(await refusals({ current: 'text', x: 'x' })).toContain('current is a file')
    expect(await refusals({ releases: 'text' })).toContain('releases is a file')
  })
  test('an application with folders of its own by the names that deployctl needs', async () => {
    expect(await refusals({ 'index.html': 'x', 'shared/y': 'y' })).toContain('has a shared of its own')
  })
  test('what deployctl deploys already, and nothing at all, need nothing', async () => {
    await writeFiles(path, {
      '.deployctl/records/x.json': '{}',
      'releases/x/y': 'y',
      current: { link: 'releases/x' },
    })
    expect((await look()).found).toMatchObject({ kind: 'ours', refusals: [] })
    await rm(path, { recursive: true })
    expect((await look()).found).toMatchObject({ kind: 'nothing', refusals: [] })
  })
})
