/** What a pipe gets: plain lines without colour unless it is forced, JSON lines when asked for, and no fuss when cut. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cliPath, deployctl } from '../support/built-cli.js'
import { tinyProject, type TinyProject } from '../support/tiny-project.js'

const escape = '\u001b'
let project: TinyProject
beforeAll(async () => {
  project = await tinyProject()
})
afterAll(() => project.remove())

test('a pipe gets no colour and no cursor movements', async () => {
  const plan = await deployctl(['plan'], { directory: project.folder })
  expect(plan.code).toBe(0)
  expect(plan.stdout).toContain('+ web')
  expect(plan.stdout).not.toContain(escape)
})

test('FORCE_COLOR colours a pipe, and --no-color and NO_COLOR are stronger than a terminal', async () => {
  const directory = project.folder
  expect((await deployctl(['plan'], { directory, env: { FORCE_COLOR: '1' } })).stdout).toContain(`${escape}[`)
  expect(
    (await deployctl(['plan', '--no-color'], { directory, env: { FORCE_COLOR: '1' } })).stdout,
  ).not.toContain(escape)
  expect((await deployctl(['plan'], { directory, env: { NO_COLOR: '1' } })).stdout).not.toContain(escape)
})

test('--json is one object a line, each with a type and a time, and nothing else', async () => {
  for (const words of [
    ['plan'],
    ['apply', '--auto-approve'],
    ['status'],
    ['history'],
    ['releases'],
    ['version'],
  ]) {
    const result = await deployctl([...words, '--json'], { directory: project.folder })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    const lines = result.stdout.trimEnd().split('\n')
    for (const line of lines) {
      const object = JSON.parse(line) as Record<string, unknown>
      expect(object['type']).toBeTypeOf('string')
      expect(Date.parse(String(object['@timestamp']))).not.toBeNaN()
    }
    expect(JSON.parse(lines[0]!)).toMatchObject({ type: 'version', format: 1 })
  }
})

test('a reader that goes away is no error to speak of', () => {
  const line = `"${process.execPath}" "${cliPath}" --help | head -n 1`
  const result = spawnSync('sh', ['-c', line], { cwd: project.folder, encoding: 'utf8' })
  expect(result.stderr).toBe('')
})

test('a folder that was removed under the shell is said to be', () => {
  const line = `folder=$(mktemp -d) && cd "$folder" && rmdir "$folder" && exec "${process.execPath}" "${cliPath}" plan`
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain('the folder that deployctl was started in is not there any more')
  expect(stderr).not.toContain('bug')
})
