/** A disk that is too small or fills up: refused before anything is touched, or unwound; never half a release. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { deployctl } from '../support/built-cli.js'
import { addressOf, testWith } from '../support/needs.js'
import { tinyProject } from '../support/tiny-project.js'
import { worldOfFolder } from '../support/world-of-folder.js'

testWith('small-disk')('a release that does not fit is refused, and the old one serves', async () => {
  const project = await tinyProject()
  const disk = await mkdtemp(join(addressOf('small-disk'), 'full-'))
  try {
    await cp(project.folder, disk, { recursive: true })
    expect(await deployctl(['apply', '--auto-approve'], { directory: disk })).toMatchObject({
      code: 0,
      stderr: '',
    })
    const before = await worldOfFolder(join(disk, 'srv'))
    // the source lies elsewhere: only the target's disk is small
    await project.release('1.1.0')
    await writeFile(
      join(project.folder, 'releases', 'v1.1.0', 'large.bin'),
      Buffer.alloc(12 * 1024 * 1024, 1),
    )
    const options = { directory: disk, env: { TINY_RELEASES: join(project.folder, 'releases') } }
    const yaml = await readFile(join(disk, 'deploy.yaml'), 'utf8')
    await writeFile(join(disk, 'deploy.yaml'), yaml.replace('path: releases', "path: '${env.TINY_RELEASES}'"))
    const refused = await deployctl(['apply', '--auto-approve'], options)
    expect(refused.code).toBeOneOf([1, 5])
    expect(refused.stderr).toMatch(/space|room|disk/i)
    expect(refused.stderr).not.toContain('bug in deployctl')
    expect(await worldOfFolder(join(disk, 'srv'))).toEqual(before)
    expect((await deployctl(['status', '--json'], options)).stdout).toContain('"lock":null')
  } finally {
    await project.remove()
    await rm(disk, { recursive: true, force: true })
  }
})

testWith('small-disk')('a disk without any room left is told as such, and nothing is begun', async () => {
  const disk = await mkdtemp(join(addressOf('small-disk'), 'full-'))
  const project = await tinyProject()
  try {
    await cp(project.folder, disk, { recursive: true })
    await mkdir(join(disk, '.deployctl'), { recursive: true })
    await writeFile(join(disk, 'ballast'), Buffer.alloc(9 * 1024 * 1024)).catch(() => undefined) // as much as fits
    const result = await deployctl(['apply', '--auto-approve'], { directory: disk })
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/no space|room|full/i)
    expect(result.stderr).not.toContain('bug in deployctl')
    await rm(join(disk, 'ballast'))
    expect(await deployctl(['apply', '--auto-approve'], { directory: disk })).toMatchObject({ code: 0 })
  } finally {
    await project.remove()
    await rm(disk, { recursive: true, force: true })
  }
})
