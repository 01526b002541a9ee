/** Two deployments at the same time: one is done, the other is told who is at it. */
import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deployctl } from '../support/built-cli.js'
import { tinyProject, type TinyProject } from '../support/tiny-project.js'

let project: TinyProject
beforeEach(async () => {
  project = await tinyProject()
  await project.release('1.0.0', { 'restart.sh': 'sleep 1; cat page.txt > data/serving\n' })
})
afterEach(() => project.remove())

test('of several applies at once one deploys, and the others name it and end with 4', async () => {
  const options = { directory: project.folder }
  const results = await Promise.all([1, 2, 3].map(() => deployctl(['apply', '--auto-approve'], options)))
  expect(results.map((result) => result.code).sort()).toEqual([0, 4, 4])
  for (const refused of results.filter((result) => result.code === 4)) {
    expect(refused.stderr).toMatch(/lock/i)
    expect(refused.stderr).toMatch(/pid \d+/)
  }
  expect(await readFile(join(project.target, 'current', 'data', 'serving'), 'utf8')).toBe('page of 1.0.0\n')
})

test('with --lock-timeout the second waits, and then finds nothing to do', async () => {
  const options = { directory: project.folder }
  const results = await Promise.all(
    [1, 2].map(() => deployctl(['apply', '--auto-approve', '--lock-timeout', '60s'], options)),
  )
  expect(results.map((result) => result.code)).toEqual([0, 0])
  expect(results.filter((result) => result.stdout.includes('Nothing to do'))).toHaveLength(1)
})
