import { expect, test } from 'vitest'
import { DeployError } from '../../../src/base/deploy-error.js'
import { errorText } from '../../../src/cli/view/error-view.js'
import { noPaint } from '../../../src/cli/view/paint.js'

test('a code frame among the details keeps its lines, so that the caret stands where it should; other details are wrapped', () => {
  const frame = [
    `    8 | ${'x'.repeat(100)}`,
    `>   9 | ${'y '.repeat(50)}end`,
    `      | ${' '.repeat(96)}^^^`,
    `   10 |`,
  ]
  const said = `it said: ${'word '.repeat(30)}`
  const error = new DeployError('CONFIG_INVALID', 'deploy.yaml has 1 problem', { details: [...frame, said] })
  const lines = errorText(error, { paint: noPaint, width: 80 }, false).split('\n')
  expect(lines.slice(1, 4)).toEqual(frame.slice(0, 3).map((line) => `    ${line}`))
  expect(lines.slice(5).every((line) => line.length <= 80)).toBe(true)
  expect(lines.length).toBeGreaterThan(6)
})
