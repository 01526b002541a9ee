/** examples/server-mode as it is written: deployed, upgraded and rolled back with clients that never stop asking. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deployctl } from '../support/built-cli.js'
import { freePort } from '../services/free-port.mjs'
import { endHolder, get, type WrittenHolder } from '../support/process-bench.js'

test('server mode loses no request when releases change', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-example-'))
  const port = await freePort()
  const run = (words: readonly string[], env = {}) =>
    deployctl([...words, '--auto-approve'], { directory: folder, env: { PORT: `${port}`, ...env } })
  try {
    await cp(join(import.meta.dirname, '../../examples/server-mode'), folder, { recursive: true })
    expect(await run(['apply'], { VERSION: '1.0.0' })).toMatchObject({ code: 0, stderr: '' })
    const answers = new Set<string>()
    let isOver = false
    const asking = [1, 2].map(async () => {
      while (!isOver) answers.add(await get(port))
    })
    expect(await run(['apply'])).toMatchObject({ code: 0, stderr: '' })
    expect(await get(port)).toBe('hello from 1.1.0\n')
    expect(await run(['rollback'])).toMatchObject({ code: 0 })
    expect(await get(port)).toBe('hello from 1.0.0\n')
    isOver = true
    await Promise.all(asking)
    expect([...answers].sort()).toEqual(['hello from 1.0.0\n', 'hello from 1.1.0\n'])
  } finally {
    const file = join(folder, 'var/app/.deployctl/holder/holder.json')
    const holder = await readFile(file, 'utf8').catch(() => null)
    if (holder !== null) await endHolder(JSON.parse(holder) as WrittenHolder) // a holder's own
    await rm(folder, { recursive: true, force: true })
  }
})
