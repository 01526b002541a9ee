/** Where secrets come from: variables, files, commands; and what is said when they do not come. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { secretDrivers } from '../../../src/drivers/secrets/catalog.js'
import { systemShell } from '../../../src/drivers/system/system-shell.js'
import type { DriverSpec } from '../../../src/model/spec.js'
import { admits, expectGoodSchema } from '../../contract/driver-schema.js'
import { never, scratchFolder } from '../system/scratch.js'

const folder = await scratchFolder()
const ports = { env: { TOKEN: 'from-env', OTHER: 'other' }, projectDirectory: folder, shell: systemShell }

function lookUp(options: DriverSpec, signal = never): Promise<string> {
  const driver = secretDrivers[options.type as keyof typeof secretDrivers]
  return driver.lookUp('TOKEN', options, ports, signal)
}
const missing = (message: RegExp) => ({
  code: 'SECRET_MISSING',
  message: expect.stringMatching(message) as string,
  hint: expect.stringMatching(/./) as string,
})

test.each(Object.entries(secretDrivers))(
  'the schema of %s is closed, described and has examples',
  (type, driver) => {
    expectGoodSchema(type, driver.schema)
    expect(admits(driver.schema, { type, nonsense: 1 })).toBe(false)
  },
)

test('a variable, of its own name or another', async () => {
  expect(await lookUp({ type: 'env' })).toBe('from-env')
  expect(await lookUp({ type: 'env', name: 'OTHER' })).toBe('other')
  await expect(lookUp({ type: 'env', name: 'NONE' })).rejects.toMatchObject(missing(/TOKEN.*NONE is not set/))
})

describe('a file', () => {
  test.each([
    ['value\n', 'value'],
    ['value\r\n', 'value'],
    ['  two\nlines\n\n', '  two\nlines\n'],
    ['grüße', 'grüße'],
  ])('%j is %j', async (text, value) => {
    await writeFile(join(folder, 'secret'), text)
    expect(await lookUp({ type: 'file', path: 'secret' })).toBe(value)
    expect(await lookUp({ type: 'file', path: join(folder, 'secret') })).toBe(value)
  })

  test('that is missing, empty, a folder, binary or huge says so, with its path', async () => {
    await mkdir(join(folder, 'a-folder'))
    await writeFile(join(folder, 'empty'), '\n')
    await writeFile(join(folder, 'binary'), Buffer.from([0xff, 0xfe, 0x80]))
    await writeFile(join(folder, 'huge'), 'x'.repeat(2 ** 20))
    await expect(lookUp({ type: 'file', path: 'none' })).rejects.toMatchObject(
      missing(/none: it does not exist/),
    )
    await expect(lookUp({ type: 'file', path: 'a-folder' })).rejects.toMatchObject(
      missing(/a folder is where/),
    )
    await expect(lookUp({ type: 'file', path: 'empty' })).rejects.toMatchObject(missing(/empty gave nothing/))
    await expect(lookUp({ type: 'file', path: 'binary' })).rejects.toMatchObject(missing(/not UTF-8/))
    await expect(lookUp({ type: 'file', path: 'huge' })).rejects.toMatchObject(missing(/1 MiB/))
  })
})

describe('a command', () => {
  const command = (line: string, more: object = {}): DriverSpec => ({
    type: 'command',
    run: ['sh', '-c', line],
    ...more,
  })

  test('gives what it prints, in the folder of deploy.yaml', async () => {
    expect(await lookUp(command('echo value'))).toBe('value')
    expect(await lookUp(command('pwd'))).toBe(folder)
  })

  test('that fails tells what it complained of, and nothing that it printed', async () => {
    const error: unknown = await lookUp(
      command('echo half-a-secret; echo "not logged in" >&2; exit 4'),
    ).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ ...missing(/exited with 4/), details: ['not logged in'] })
    expect(JSON.stringify(error) + String(error)).not.toContain('half-a-secret')
  })

  test('that hangs, says nothing, is killed or does not exist', async () => {
    await expect(lookUp(command('sleep 60', { timeout: '100ms' }))).rejects.toMatchObject(
      missing(/within 100ms/),
    )
    await expect(lookUp(command('true'))).rejects.toMatchObject(missing(/gave nothing/))
    await expect(lookUp(command('kill -9 $$'))).rejects.toMatchObject(missing(/ended by SIGKILL/))
    await expect(lookUp({ type: 'command', run: ['no-such-vault'] })).rejects.toMatchObject(
      missing(/was not found/),
    )
    await writeFile(join(folder, 'script'), '#!/bin/sh\n')
    await chmod(join(folder, 'script'), 0o600)
    await expect(lookUp({ type: 'command', run: ['./script'] })).rejects.toMatchObject(
      missing(/may not be executed/),
    )
  })

  test('that is cancelled is no missing secret', async () => {
    await expect(lookUp(command('sleep 60'), AbortSignal.timeout(50))).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})
