/** Logins that are on this machine, with real helper programs: tiny scripts, as Docker's own helpers are called. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dockerLogin } from '../../../src/drivers/artifacts/docker-login.js'
import { failureOf } from '../../contract/source.contract.js'
import { beginBench, calm, type SourceBench } from '../sources/source-bench.js'

let bench: SourceBench
let searched: string | undefined
beforeEach(async () => {
  bench = await beginBench()
  searched = process.env['PATH']
})
afterEach(async () => {
  process.env['PATH'] = searched
  await bench.end()
})

async function configure(
  config: object | string,
  folder = path.join(bench.folder, '.docker'),
): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(
    path.join(folder, 'config.json'),
    typeof config === 'string' ? config : JSON.stringify(config),
  )
}

/** A program that answers as `script` says; it has what it was asked in $server. */
async function helper(name: string, script: string): Promise<void> {
  const folder = path.join(bench.folder, 'bin')
  await mkdir(folder, { recursive: true })
  const program = path.join(folder, `docker-credential-${name}`)
  await writeFile(program, `#!/bin/sh\nserver=$(cat)\n[ "$1" = get ] || exit 2\n${script}\n`)
  await chmod(program, 0o755)
  process.env['PATH'] = `${folder}${path.delimiter}${searched ?? ''}`
}

const auth = (pair: string) => ({ auth: Buffer.from(pair).toString('base64') })
const loginFor = (registry: string) => dockerLogin(registry, bench.ports, calm)
const answer = (user: string) =>
  `printf '{"ServerURL":"%s","Username":"${user}","Secret":"from %s"}' "$server" "$server"`

describe('the file', () => {
  test('that is not there has no logins', async () => expect(await loginFor('ghcr.io')).toBeNull())

  test.each([
    ['ghcr.io', { 'ghcr.io': auth('me:a:b') }, { kind: 'password', username: 'me', password: 'a:b' }],
    ['ghcr.io', { 'https://ghcr.io/v2/': auth('me:x') }, { username: 'me', password: 'x' }],
    ['docker.io', { 'https://index.docker.io/v1/': auth('me:x') }, { username: 'me' }],
    ['localhost:5000', { 'localhost:5000': { username: 'me', password: 'x' } }, { username: 'me' }],
    [
      'ghcr.io',
      { 'ghcr.io': { ...auth('me:'), identitytoken: 'long' } },
      { kind: 'identity', token: 'long' },
    ],
    ['ghcr.io', { 'ghcr.io': { registrytoken: 'short' } }, { kind: 'bearer', token: 'short' }],
    ['ghcr.io', { 'ghcr.io': {} }, null],
    ['ghcr.io', { 'other.io': auth('me:x'), 'ghcr.io.evil.io': auth('me:x') }, null],
  ])('has for %s in %j: %j', async (registry, auths, expected) => {
    await configure({ auths })
    const found = await loginFor(registry)
    if (expected === null) expect(found).toBeNull()
    else expect(found).toMatchObject({ ...expected, from: path.join(bench.folder, '.docker', 'config.json') })
  })

  test('is looked for where DOCKER_CONFIG says', async () => {
    const folder = path.join(bench.folder, 'elsewhere')
    await configure({ auths: { 'ghcr.io': auth('me:x') } }, folder)
    const ports = { ...bench.ports, env: { ...bench.ports.env, DOCKER_CONFIG: folder } }
    expect(await dockerLogin('ghcr.io', ports, calm)).toMatchObject({ username: 'me' })
  })

  test('that is broken is named, and not quoted', async () => {
    await configure('{"auths":{"ghcr.io":{"password":"s3cret"')
    const error = await failureOf(loginFor('ghcr.io'))
    expect([error.code, error.message]).toEqual([
      'CONFIG_INVALID',
      expect.stringMatching(/config\.json, .* is not a JSON/),
    ])
    expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain('s3cret')
  })
})

describe('a helper', () => {
  test('of the registry goes before the common one, and that before the file', async () => {
    await configure({
      auths: { 'c.io': auth('file:x') },
      credHelpers: { 'a.io': 'special' },
      credsStore: 'common',
    })
    await helper('special', answer('special'))
    await helper(
      'common',
      `case $server in b.io) ${answer('common')};; *) echo "credentials not found in native keychain"; exit 1;; esac`,
    )
    expect(await loginFor('a.io')).toMatchObject({
      username: 'special',
      password: 'from a.io',
      from: 'docker-credential-special',
    })
    expect(await loginFor('b.io')).toMatchObject({ username: 'common' })
    expect(await loginFor('c.io')).toMatchObject({ username: 'file' })
    expect(await loginFor('d.io')).toBeNull()
  })

  test('is asked for Docker Hub by its old name, and may have an identity token', async () => {
    await configure({ credsStore: 'desktop' })
    await helper('desktop', answer('<token>'))
    expect(await loginFor('docker.io')).toEqual({
      kind: 'identity',
      token: 'from https://index.docker.io/v1/',
      from: 'docker-credential-desktop',
    })
  })

  test.each([
    ['fails', 'echo "the keychain is locked"; exit 1', 'COMMAND_FAILED', /docker-credential-x, .* failed/],
    ['says half a secret', `printf '{"Secret":"s3cr'`, 'COMMAND_FAILED', /did not answer with a login/],
  ] as const)('that %s is named, with what to do', async (_title, script, code, message) => {
    await configure({ credsStore: 'x' })
    await helper('x', script)
    const error = await failureOf(loginFor('ghcr.io'))
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
    expect(error.hint).toMatch(/username: and password:/)
    expect(JSON.stringify([error.message, error.details])).not.toContain('s3cr')
  })

  test('that is not installed, or no name of a program, is named', async () => {
    await configure({ credsStore: 'nobody-has-this' })
    const missing = await failureOf(loginFor('ghcr.io'))
    expect([missing.code, missing.hint]).toEqual([
      'COMMAND_NOT_FOUND',
      expect.stringMatching(/Install or mend/),
    ])
    await configure({ credsStore: '../../bin/sh' })
    expect((await failureOf(loginFor('ghcr.io'))).code).toBe('CONFIG_INVALID')
  })
})
