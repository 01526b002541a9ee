import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync, chmodSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/command-table.js'
import { completionScript } from '../../src/cli/completion/completion-script.js'
import { namesInFile } from '../../src/cli/completion/names-in-file.js'
import { cli } from './support/cli.js'

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deployctl-completion-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('every shell', () => {
  const checks = { bash: ['-n'], zsh: ['-n'], fish: ['--no-execute'] } as const
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    test.skipIf(!has(shell))(`${shell} reads its script`, () => {
      const file = join(folder, `deployctl.${shell}`)
      writeFileSync(file, `${completionScript(shell, commands)}\n`)
      execFileSync(shell, [...checks[shell], file], { stdio: 'pipe' })
    })
    test(`${shell} knows every command and option`, () => {
      const script = completionScript(shell, commands)
      for (const { name, options } of commands) {
        expect(script).toContain(name)
        for (const { long } of options) expect(script).toContain(long.slice(2))
      }
    })
  }
  test('the command prints it', async () => {
    const { code, out } = await cli(['completion', 'bash'])
    expect(code).toBe(0)
    expect(out).toBe(`${completionScript('bash', commands)}\n`)
  })
})

describe.skipIf(!has('bash'))('bash completes', () => {
  /** What Tab offers after these words; `deployctl` itself is a stand-in that prints names. */
  const offered = (line: string): readonly string[] => {
    const bin = join(folder, 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'deployctl'), '#!/bin/sh\necho "$2-of-${3:-default}"\n')
    chmodSync(join(bin, 'deployctl'), 0o755)
    const file = join(folder, 'completion.bash')
    writeFileSync(file, completionScript('bash', commands))
    const words = line.split(' ')
    const script = `. ${file}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _deployctl; printf '%s\\n' "\${COMPREPLY[@]}"`
    const out = execFileSync('bash', ['--norc', '-c', script], {
      env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    })
    return out.toString().trim().split('\n')
  }
  const table: readonly (readonly [line: string, offers: readonly string[]])[] = [
    ['deployctl pl', ['plan']],
    ['deployctl roll', ['rollback']],
    ['deployctl plan --det', ['--detailed-exitcode']],
    ['deployctl --env staging appl', ['apply']],
    ['deployctl plan --env ', ['environments-of-default']],
    ['deployctl plan --file x.yaml --env ', ['environments-of-x.yaml']],
    ['deployctl unpin ', ['services-of-default']],
    ['deployctl apply --service ', ['services-of-default']],
    ['deployctl apply --allow ', ['irreversible']],
    ['deployctl completion z', ['zsh']],
    ['deployctl init --source n', ['npm']],
  ]
  for (const [line, offers] of table) test(line, () => expect(offered(line)).toEqual(offers))
})

describe('names in deploy.yaml, by lines', () => {
  const text = `version: 1
services:
  # the first
  web: { source: web }
  "api":
    source: api
    target:
      type: directory

  docs:
    source: docs
environments:
    staging:
      variables: { a: 1 }
    production: {}
`
  test('services', () => expect(namesInFile(text, 'services')).toEqual(['web', 'api', 'docs']))
  test('environments', () => expect(namesInFile(text, 'environments')).toEqual(['staging', 'production']))
  test('another style gives none', () => expect(namesInFile('services: {web: {}}', 'services')).toEqual([]))
  test('the hidden command never fails', async () => {
    writeFileSync(join(folder, 'deploy.yaml'), text)
    expect(await cli(['__names', 'services'], { workingDirectory: folder })).toMatchObject({
      code: 0,
      out: 'web\napi\ndocs\n',
    })
    expect(await cli(['__names', 'services', 'missing.yaml'], { workingDirectory: folder })).toMatchObject({
      code: 0,
      out: '',
      err: '',
    })
  })
})
