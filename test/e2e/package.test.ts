/** What `npm pack` would publish: nothing missing, nothing superfluous, and it runs from where it is installed. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

test('the package holds the program, the schema and what one reads, and starts once unpacked', () => {
  const folder = mkdtempSync(join(tmpdir(), 'deployctl-pack-'))
  try {
    const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
    const answer = execFileSync('npm', words, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [pack] = JSON.parse(answer) as { filename: string; files: { path: string; mode: number }[] }[]
    const paths = new Set(
      pack!.files.map((file) => file.path.replace(/^dist\/chunks\/[\w.-]+\.js$/, 'dist/chunks/*')),
    )
    expect([...paths].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/chunks/*',
      'dist/deployctl.cjs',
      'package.json',
      'schema/deploy.schema.json',
    ])
    execFileSync('tar', ['-xzf', join(folder, pack!.filename), '-C', folder])
    symlinkSync(join(root, 'node_modules'), join(folder, 'package', 'node_modules'))
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    const said = execFileSync(join(folder, 'package', 'dist', 'deployctl.cjs'), ['version'], {
      encoding: 'utf8',
    })
    expect(said).toContain(version)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
