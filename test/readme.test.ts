/** The README says what is so: its deploy.yaml is the real one, its commands are those there are, its links lead somewhere. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commands } from '../src/cli/command-table.js'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

test('its deploy.yaml is the one of the repository', () => {
  const shown = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1]
  const real = readFileSync(join(root, 'deploy.yaml'), 'utf8')
  expect(shown).toBe(real.slice(real.indexOf('version: 1')))
})

test('its table names every command and no other', () => {
  const table = readme.slice(readme.indexOf('| command |'), readme.indexOf('Each has `--help`'))
  const named = [...table.matchAll(/`([a-z]+)`/g)].map((match) => match[1])
  expect(named.sort()).toEqual(commands.map((command) => command.name).sort())
})

test('its links lead to files that are there', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]!)
  expect(links.length).toBeGreaterThan(8)
  expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([])
})
