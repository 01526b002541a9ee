/** INT, TERM and HUP in the middle of a real upgrade: the first undoes it, the second ends at once and recover goes on. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deployctl, type CliResult } from '../support/built-cli.js'
import { tinyProject, type TinyProject } from '../support/tiny-project.js'
import { worldOfFolder } from '../support/world-of-folder.js'

let project: TinyProject
let before: unknown
beforeEach(async () => {
  project = await tinyProject()
  expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 0, stderr: '' })
  before = await worldOfFolder(join(project.folder, 'srv'))
  // its restart does half of its work, tells that it has begun, and would take a minute for the rest
  await project.release('1.1.0', {
    'restart.sh': 'echo half > data/serving; echo begun; sleep 60 & wait; cat page.txt > data/serving\n',
  })
})
afterEach(() => project.remove())

function run(
  words: string[],
  onOutput?: (written: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<CliResult> {
  return deployctl(words, { directory: project.folder, ...(onOutput === undefined ? {} : { onOutput }) })
}

/** Sends the signals, one each time the text is seen for the first time. */
function sending(...plan: [text: string, signal: NodeJS.Signals][]) {
  return (written: string, kill: (signal: NodeJS.Signals) => void): void => {
    const [text, signal] = plan[0] ?? []
    if (text === undefined || signal === undefined || !written.includes(text)) return
    plan.shift()
    kill(signal)
  }
}

const switching = 'switch web: v1.0.0 → v1.1.0 …'

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s undoes what was begun and ends with %i', async (signal, code) => {
  const result = await run(['apply', '--auto-approve'], sending([switching, signal]))
  expect(result).toMatchObject({ code, signal: null })
  expect(result.stdout + result.stderr).toContain('web v1.0.0 serves as before')
  expect(await worldOfFolder(join(project.folder, 'srv'))).toEqual(before)
  const history = await run(['history', '--json'])
  expect(history.stdout).toContain('"outcome":"unwound"')
  const status = await run(['status', '--json'])
  expect(status.stdout).toContain('"lock":null')
})

test('a second signal ends at once, the journal says where it was, and recover goes back', async () => {
  // its restart does not listen to the first signal, so that the second one is wanted
  await project.release('1.1.0', {
    'restart.sh': "trap '' TERM; echo half > data/serving; while :; do sleep 1; done\n",
  })
  let isSent = false
  const result = await run(['apply', '--auto-approve'], (written, kill) => {
    if (isSent || !written.includes(switching)) return
    isSent = true
    void halfWritten().then(() => kill('SIGTERM'))
    // one that comes with the first is taken for the same
    void halfWritten().then(() => setTimeout(() => kill('SIGTERM'), 600))
  })
  expect(result).toMatchObject({ code: 143 })
  expect(result.stderr).toContain('Stopped at once')
  const refused = await run(['apply', '--auto-approve'])
  expect(refused).toMatchObject({ code: 6 })
  expect(refused.stderr).toContain('deployctl recover')
  expect(await run(['recover', '--unwind'])).toMatchObject({ code: 0 })
  expect(await worldOfFolder(join(project.folder, 'srv'))).toEqual(before)
  expect(await readFile(join(project.target, 'shared', 'data', 'serving'), 'utf8')).toBe('page of 1.0.0\n')
})

/** Resolves when the restart of v1.1.0 has done half of its work. */
async function halfWritten(): Promise<void> {
  const serving = join(project.target, 'shared', 'data', 'serving')
  while ((await readFile(serving, 'utf8').catch(() => '')) !== 'half\n') await sleep(20)
}
