import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sourceStarters, targetStarters } from '../../src/cli/starters/starter-parts.js'
import { sourceDrivers } from '../../src/drivers/sources/catalog.js'
import { targetDrivers } from '../../src/drivers/targets/catalog.js'
import { findProjectFile } from '../../src/cli/project-file.js'
import { validateFile } from '../../src/wire.js'
import { cli } from './support/cli.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deployctl-init-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('init', () => {
  for (const target of Object.keys(targetStarters)) {
    for (const source of targetStarters[target]!.sources) {
      test(`${source} to ${target} is valid as it is, for every environment`, async () => {
        const { code, out } = await cli(['init', '--target', target, '--source', source], {
          workingDirectory: folder,
        })
        expect(code).toBe(0)
        expect(out).toContain('deployctl apply')
        for (const environment of [null, 'production']) {
          const file = join(folder, 'deploy.yaml')
          const check = await validateFile({
            file,
            shown: 'deploy.yaml',
            environment,
            env: { HOME: folder, XDG_CACHE_HOME: folder },
          })
          expect(check.problems).toEqual([])
          expect(check.warnings).toEqual([])
        }
      })
    }
  }
  test('every target has a starter, with the source that goes with it', async () => {
    for (const target of Object.keys(targetDrivers)) {
      expect((await cli(['init', '--target', target], { workingDirectory: folder })).code).toBe(0)
      rmSync(join(folder, 'deploy.yaml'))
    }
    const { code, err } = await cli(['init', '--target', 'container', '--source', 'git'], {
      workingDirectory: folder,
    })
    expect(code).toBe(3)
    expect(err).toContain('--target container goes with --source oci')
  })
  test('every source has a starter', () => {
    expect(Object.keys(sourceStarters).sort()).toEqual(Object.keys(sourceDrivers).sort())
  })
  test('never overwrites', async () => {
    const file = join(folder, 'deploy.yaml')
    writeFileSync(file, 'mine')
    const { code, err } = await cli(['init'], { workingDirectory: folder })
    expect(code).toBe(1)
    expect(err).toContain('deploy.yaml is there already')
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })
  test('writes to --file', async () => {
    expect((await cli(['init', '--file', 'other.yaml'], { workingDirectory: folder })).code).toBe(0)
    expect(readFileSync(join(folder, 'other.yaml'), 'utf8')).toContain('version: 1')
  })
})

describe('which deploy.yaml', () => {
  test('the nearest one upwards, and it is said', async () => {
    const below = join(folder, 'a', 'b')
    mkdirSync(below, { recursive: true })
    writeFileSync(join(folder, 'deploy.yaml'), '')
    expect(findProjectFile(null, below)).toMatchObject({ file: join(folder, 'deploy.yaml'), above: true })
    const { err } = await cli(['validate'], { workingDirectory: below })
    expect(err).toContain('using ../../deploy.yaml')
  })
  test('a folder stands for the file in it', () => {
    writeFileSync(join(folder, 'deploy.yaml'), '')
    expect(findProjectFile('.', folder).file).toBe(join(folder, 'deploy.yaml'))
  })
  test('none: exit 3, and what to do', async () => {
    const { code, err } = await cli(['plan'], { workingDirectory: folder })
    expect(code).toBe(3)
    expect(err).toContain('deployctl init')
    expect((await cli(['plan', '-f', 'no.yaml'], { workingDirectory: folder })).code).toBe(3)
  })
})
