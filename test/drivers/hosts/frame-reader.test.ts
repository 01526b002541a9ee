/** However the bytes of a stream come cut, the answers in it are the same, and nothing is held back without need. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameReader } from '../../../src/drivers/hosts/frame-reader.js'

const token = 'a1b2'
const mark = (code: number) => Buffer.from(`\x1e${token} ${code}\n`)

/** What a reader makes of these chunks: the bytes and the exit code of each answer, and what follows the last. */
function read(chunks: readonly Buffer[]) {
  const answers: { bytes: string; exitCode: number }[] = []
  let bytes: Buffer[] = []
  const reader = frameReader(token, {
    onBytes: (part) => bytes.push(Buffer.from(part)),
    onEnd: (exitCode) => {
      answers.push({ bytes: Buffer.concat(bytes).toString('latin1'), exitCode })
      bytes = []
    },
  })
  for (const chunk of chunks) reader.read(chunk)
  return { answers, open: Buffer.concat(bytes).toString('latin1') }
}

test('cut anywhere, the answers are the same', () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .constantFrom('', '\x1e', `\x1e${token}`, `\x1ea1b`, '\n\x1e')
      .map((text) => Buffer.from(text, 'latin1')),
  )
  const answer = fc.record({ bytes: content, exitCode: fc.nat(255) })
  fc.assert(
    fc.property(
      fc.array(answer, { maxLength: 5 }),
      fc.array(fc.nat(400), { maxLength: 8 }),
      (given, cuts) => {
        const whole = Buffer.concat(given.flatMap((one) => [Buffer.from(one.bytes), mark(one.exitCode)]))
        const places = [
          0,
          ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b),
          whole.length,
        ]
        const chunks = places.slice(1).map((to, index) => whole.subarray(places[index], to))
        const expected = given.map(({ bytes, exitCode }) => ({
          bytes: Buffer.from(bytes).toString('latin1'),
          exitCode,
        }))
        expect(read(chunks)).toEqual({ answers: expected, open: '' })
      },
    ),
  )
})

test('a line is told as soon as it is there', () => {
  expect(read([Buffer.from('begun\n')]).open).toBe('begun\n')
  expect(read([Buffer.from('50 %\x1ea1')]).open).toBe('50 %')
})
