/** Pages that lead over from other tools say what is true: their files load, and their commands and options are there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commands } from '../../src/cli/command-table.js'
import { commonOptions } from '../../src/cli/options.js'
import { loadValid } from './support/load-text.js'

const pageOf = (name: string) => readFileSync(join(import.meta.dirname, '..', '..', 'docs', name), 'utf8')
const comingFrom = pageOf('coming-from.md')

test('every file of docs/coming-from.md loads, in each of its environments', async () => {
  const files = [...comingFrom.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text ?? '')
  expect(files).toHaveLength(3)
  for (const text of files) expect((await loadValid(text)).warnings).toEqual([])
  expect((await loadValid(files[2] ?? '', { environment: 'production' })).warnings).toEqual([])
})

test.each(['coming-from.md', 'agent-setup.md', 'agent.md'])(
  'every command of docs/%s is one, with its options',
  (name) => {
    const said = [...pageOf(name).matchAll(/(?:`|^|-- )deployctl ([a-z]+)([^`\n|#>]*)/gm)]
    expect(said.length).toBeGreaterThan(3)
    for (const [line, word = '', rest = ''] of said) {
      const command = commands.find((one) => one.name === word)
      expect(command, line).toBeDefined()
      const known = [...(command?.options ?? []), ...commonOptions].map(({ long }) => long)
      const used = (rest.split(' -- ')[0] ?? '').match(/--[a-z][a-z-]*/g) ?? []
      expect(
        used.filter((option) => !known.includes(option)),
        line,
      ).toEqual([])
    }
  },
)
