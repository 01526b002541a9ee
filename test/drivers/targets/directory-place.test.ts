/** Making a place and leaving it, by many at once: whoever leaves last takes away all that any of them made. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { leavePlace, makePlace } from '../../../src/drivers/targets/directory/files/local-place.js'
import { layoutOf } from '../../../src/drivers/targets/directory/layout.js'

describe('the place of a target, made and left', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'deployctl-place-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const there = async () => (await readdir(folder, { recursive: true })).sort()

  test('by many at once, below folders that are missing, leaves nothing', async () => {
    const layout = layoutOf(join(folder, 'srv', 'a', 'b'))
    const comeAndGo = async (): Promise<void> => {
      for (let time = 0; time < 3; time++) {
        await makePlace(layout)
        await leavePlace(layout)
      }
    }
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 6 }, comeAndGo))
      expect(await there()).toEqual([])
    }
  }, 120_000)

  test('leaves a folder that was there before, though it is empty', async () => {
    await mkdir(join(folder, 'srv'))
    const layout = layoutOf(join(folder, 'srv', 'a'))
    await makePlace(layout)
    await leavePlace(layout)
    expect(await there()).toEqual(['srv'])
  })

  test('leaves what somebody has put into a folder that deployctl made', async () => {
    const layout = layoutOf(join(folder, 'srv', 'a'))
    await makePlace(layout)
    await writeFile(join(folder, 'srv', 'mine'), '')
    await leavePlace(layout)
    expect(await there()).toEqual(['srv', 'srv/mine'])
  })

  test('removes what a killed newcomer has left in it, and then the folders', async () => {
    const layout = layoutOf(join(folder, 'srv', 'a'))
    await makePlace(layout)
    await mkdir(join(folder, 'srv', 'a', '..deployctl.deployctl-new-0123456789abcdef'))
    await leavePlace(layout)
    expect(await there()).toEqual([])
  })

  test('stays as it is while somebody claims it, and goes with the last one', async () => {
    const layout = layoutOf(join(folder, 'srv'))
    await makePlace(layout)
    await mkdir(layout.claim)
    await writeFile(join(layout.claim, 'other.json'), '{}')
    await leavePlace(layout)
    expect(await there()).toContain('srv/.deployctl/claim/other.json')
    await rm(join(layout.claim, 'other.json'))
    await leavePlace(layout)
    expect(await there()).toEqual([])
  })
})
