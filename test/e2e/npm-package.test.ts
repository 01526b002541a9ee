/** examples/npm-package as its README has it: a real package is deployed, upgraded and rolled back. */
import { cp, mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { deployctl, type CliResult } from '../support/built-cli.js'
import { testWith } from '../support/needs.js'

const example = join(import.meta.dirname, '..', '..', 'examples', 'npm-package')

testWith('npm-registry')(
  'a package of 18 MB in 2,100 files is deployed, upgraded and rolled back',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'deployctl-npm-'))
    const run = (line: string, env: Record<string, string> = {}): Promise<CliResult> =>
      deployctl(line.split(' '), { directory: folder, env, input: 'yes\n' })
    const serves = async (version: string): Promise<void> => {
      const current = join(folder, 'var', 'icons', 'current')
      expect(await readlink(current)).toMatch(
        new RegExp(`^releases/${version.replaceAll('.', '\\.')}-[0-9a-f]{8}$`),
      )
      const { version: written } = JSON.parse(await readFile(join(current, 'package.json'), 'utf8')) as {
        version: string
      }
      expect(written).toBe(version)
      expect((await readdir(join(current, 'svgs', 'solid'))).length).toBeGreaterThan(1000)
    }
    try {
      await cp(join(example, 'deploy.yaml'), join(folder, 'deploy.yaml'))
      expect(await run('apply --auto-approve', { ICONS_VERSION: '6.7.1' })).toMatchObject({
        code: 0,
        stderr: '',
      })
      await serves('6.7.1')
      expect(await run('apply --auto-approve')).toMatchObject({ code: 0, stderr: '' })
      await serves('6.7.2')

      // the folder of v6.7.1 is still there: the registry is not needed
      const unreachable = { npm_config_registry: 'http://127.0.0.1:9/' }
      expect(await run('rollback --auto-approve', unreachable)).toMatchObject({ code: 0 })
      await serves('6.7.1')
      const pinned = await run('plan --detailed-exitcode', unreachable)
      expect(pinned.code).toBe(0)
      expect(await run('unpin icons')).toMatchObject({ code: 0 })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
