import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exitCodes } from '../../src/base/deploy-error.js'
import { commands } from '../../src/cli/command-table.js'
import { commandsPage } from './support/commands-page.js'

test('docs/commands.md says what the command table says (vitest -u writes it)', async () => {
  await expect(commandsPage(commands)).toMatchFileSnapshot('../../docs/commands.md')
})

test('docs/exit-codes.md explains every exit code', () => {
  const page = readFileSync('docs/exit-codes.md', 'utf8')
  for (const code of [...Object.values(exitCodes), 129, 130, 143]) expect(page).toContain(`| ${code} |`)
})
