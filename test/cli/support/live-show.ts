/** A tiny program that shows a deployment live: run it under a pseudo-terminal. `many` shows a thousand steps. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createLiveView } from '../../../src/cli/view/live-view.js'
import { createTerminal } from '../../../src/cli/view/terminal.js'
import { story } from './cli.js'
import { plan, upgrade } from './plans.js'

const many = process.argv[2] === 'many'
const shown = many
  ? plan({
      services: Array.from({ length: 400 }, (_, index) => ({ service: `service-${index}`, to: '1.0.0' })),
    })
  : upgrade()
const terminal = await createTerminal(
  { input: process.stdin, output: process.stdout, errors: process.stderr },
  { json: null, colour: null, env: process.env, version: '0' },
)
const view = await createLiveView(terminal, new Map())
const events = many
  ? story(
      shown,
      shown.steps.flatMap((_, index) => [
        [index + 1, 'apply-started'] as const,
        [index + 1, 'apply-succeeded'] as const,
      ]),
    )
  : story(shown, [
      [1, 'apply-started'],
      {
        type: 'step-progress',
        step: 'web/1',
        progress: { done: 1e6, total: 84e6, unit: 'bytes', label: 'downloading' },
      },
      {
        type: 'step-progress',
        step: 'web/1',
        progress: { done: 42e6, total: 84e6, unit: 'bytes', label: 'downloading' },
      },
      [1, 'apply-succeeded'],
      [2, 'apply-started'],
      { type: 'step-output', step: 'web/2', line: { stream: 'stdout', text: 'migrating \u001B[2Jtable 1' } },
      [2, 'apply-failed', 'bin/migrate failed'],
      { type: 'warning', message: 'the disk is nearly full' },
      {
        type: 'unwind-started',
        services: ['web'],
        failedStep: 'web/2',
        cause: { code: 'COMMAND_FAILED', message: 'bin/migrate failed' },
      },
      [2, 'revert-started'],
      [2, 'revert-succeeded'],
      [1, 'revert-started'],
      [1, 'revert-succeeded'],
    ])

for (const [index, event] of events.entries()) {
  view.handle(event)
  if (!many || index % 200 === 0) await drawnAnew()
}

/** A busy machine draws late: what was told has been on the screen before the next thing is told. */
async function drawnAnew(): Promise<void> {
  const before = process.stdout.bytesWritten
  for (let wait = 0; wait < 40 && (wait < 2 || process.stdout.bytesWritten === before); wait++)
    await sleep(55)
}

await view.end()
terminal.out('the end')
