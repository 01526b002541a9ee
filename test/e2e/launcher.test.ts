/** The launcher's code cache is only ever a shortcut: with it, without it, with a broken one, the program is the same. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cliPath } from '../support/built-cli.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deployctl-launcher-'))
  for (const name of ['deployctl.cjs', 'chunks'])
    cpSync(join(dirname(cliPath), name), join(folder, 'dist', name), { recursive: true })
})
afterEach(() => {
  chmodSync(join(folder, 'dist'), 0o755)
  rmSync(folder, { recursive: true, force: true })
})

function version(): string {
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'user-cache') }
  const result = spawnSync(process.execPath, [join(folder, 'dist', 'deployctl.cjs'), 'version'], {
    env,
    encoding: 'utf8',
  })
  expect({ status: result.status, signal: result.signal, stderr: result.stderr }).toEqual({
    status: 0,
    signal: null,
    stderr: '',
  })
  return result.stdout
}

test('a first run leaves a cache that later runs use and leave as it is', () => {
  const first = version()
  const [name] = readdirSync(join(folder, 'dist', '.cache'))
  const cache = readFileSync(join(folder, 'dist', '.cache', name!))
  expect(version()).toBe(first)
  expect(readdirSync(join(folder, 'dist', '.cache'))).toEqual([name])
  expect(readFileSync(join(folder, 'dist', '.cache', name!)).equals(cache)).toBe(true)
})

test('a cache that was cut or bent anywhere is made anew', () => {
  const first = version()
  const file = join(folder, 'dist', '.cache', readdirSync(join(folder, 'dist', '.cache'))[0]!)
  const good = readFileSync(file)
  const broken = [
    Buffer.alloc(0),
    Buffer.alloc(3),
    good.subarray(0, good.length / 2),
    Buffer.alloc(good.length),
  ]
  for (let part = 0; part < 10; part++) {
    const bent = Buffer.from(good)
    bent.writeUInt16LE(
      bent.readUInt16LE(Math.floor((good.length * part) / 10)) ^ 0xffff,
      Math.floor((good.length * part) / 10),
    )
    broken.push(bent)
  }
  for (const bytes of broken) {
    writeFileSync(file, bytes)
    expect(version()).toBe(first)
    expect(readFileSync(file).length).toBeGreaterThan(1000)
  }
})

test('where the program cannot write beside itself, the cache is kept in the cache folder of the user', () => {
  // root writes everywhere: a file in the place of the folder stops it as well
  writeFileSync(join(folder, 'dist', '.cache'), '')
  const first = version()
  expect(existsSync(join(folder, 'user-cache', 'deployctl'))).toBe(true)
  expect(version()).toBe(first)
})
