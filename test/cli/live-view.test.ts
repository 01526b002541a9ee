import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

const hasScript = spawnSync('script', ['--version']).status === 0

/** What a terminal of 80 columns and 24 rows receives. */
function onTerminal(argument: string): string {
  const program = `stty cols 80 rows 24; exec '${process.execPath}' --import tsx test/cli/support/live-show.ts ${argument}`
  const env = { ...process.env, TERM: 'xterm' }
  delete (env as Record<string, unknown>)['NO_COLOR']
  delete (env as Record<string, unknown>)['CI']
  return spawnSync('script', ['-qec', program, '/dev/null'], { env, input: '' }).stdout.toString()
}

/** The last picture: what is left on the screen, without colour. */
function lastPicture(received: string): readonly string[] {
  const picture = received.slice(received.lastIndexOf('\u001B[G')).replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, '')
  return picture
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter(Boolean)
}

describe.skipIf(!hasScript)('on a terminal (util-linux script)', { timeout: 60_000 }, () => {
  test('steps, progress, output, a failure, and its undoing newest first', () => {
    const received = onTerminal('')
    expect(received).toContain('downloading 42 MB of 84 MB, 41 MB/s, 1s left')
    expect(received).toContain('migrating table 1')
    expect(received).not.toContain('migrating \u001B[2J')
    expect(lastPicture(received)).toEqual([
      '✔ stage web v1.0.1  1s',
      '✗ hook migrate: bin/migrate up  failed  2s',
      '  switch web: v1.0.0 → v1.0.1',
      '  check web v1.0.1',
      '  prune web: all but 5 releases',
      '  stage docs v1.0.1',
      '  switch docs: nothing → v1.0.1',
      '  check docs v1.0.1',
      '! undoing, newest first:',
      '✔ hook migrate: bin/migrate down  2s',
      '✔ discard web v1.0.1  1s',
      '! warning: the disk is nearly full',
      'the end',
    ])
    expect(received.lastIndexOf('\u001B[?25h')).toBeGreaterThan(received.lastIndexOf('\u001B[?25l'))
  })
  test('a thousand steps stay within the screen', () => {
    const lines = lastPicture(onTerminal('many'))
    expect(lines.length).toBeLessThanOrEqual(24)
    expect(lines[0]).toMatch(/^✔ \d+ more done$/)
    expect(lines.at(-1)).toBe('the end')
  })
})
