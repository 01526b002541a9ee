/** Releases that prove where they come from, and the cache they lie in, with the built program. */
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, realpath, utimes, writeFile } from 'node:fs/promises'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { identity, issuer, sigstoreInstance } from '../drivers/verify/sigstore-instance.js'
import { deployctl } from '../support/built-cli.js'
import { testWith } from '../support/needs.js'
import { scratchFolder } from '../drivers/system/scratch.js'

const scratch = await scratchFolder()

const yaml = (verify: string, more = ''): string => `version: 1
project: proofs
sources:
  app: { type: directory, path: releases, pattern: 'app-{version}.tgz', verify: ${verify} }
services:
  app: { source: app, target: { type: directory, path: srv, keepReleases: 2 } }
${more}`

interface Project {
  readonly folder: string
  readonly run: (...words: string[]) => ReturnType<typeof deployctl>
  readonly configure: (verify: string, more?: string) => Promise<void>
  readonly release: (version: string) => Promise<string>
  readonly serving: () => Promise<string>
}

async function project(name: string): Promise<Project> {
  const folder = join(scratch, name)
  await mkdir(join(folder, 'releases'), { recursive: true })
  return {
    folder,
    run: (...words) => deployctl(words, { directory: folder }),
    configure: (verify, more) => writeFile(join(folder, 'deploy.yaml'), yaml(verify, more)),
    async release(version) {
      const content = join(folder, 'build')
      await mkdir(content, { recursive: true })
      await writeFile(join(content, 'version'), version)
      const archive = join(folder, 'releases', `app-${version}.tgz`)
      execFileSync('tar', ['-czf', archive, '-C', content, 'version'])
      return archive
    },
    serving: async () => readFile(join(await realpath(join(folder, 'srv/current')), 'version'), 'utf8'),
  }
}

testWith('signing-tools')(
  'an old release under a new number is refused, and the one before serves',
  async () => {
    const { folder, run, configure, release, serving } = await project('sigstore')
    const instance = sigstoreInstance(join(folder, 'instance'))
    await writeFile(join(folder, 'root.json'), JSON.stringify(instance.trustedRoot()))
    const who = identity.replace('1.1.0', '{version}')
    await configure(`{ sigstore: { identity: '${who}', issuer: '${issuer}', trustedRoot: root.json } }`)
    const signed = async (version: string, as = version): Promise<void> => {
      const bundle = instance.sign(await readFile(await release(version)), {
        identity: identity.replace('1.1.0', as),
      })
      await writeFile(join(folder, `releases/app-${version}.tgz.sigstore.json`), JSON.stringify(bundle))
    }
    await signed('1.0.0')
    const first = await run('apply', '--auto-approve')
    expect(first.code, first.stderr + first.stdout).toBe(0)
    await signed('1.1.0', '1.0.0')
    const refused = await run('apply', '--auto-approve')
    expect(refused.code).toBe(5)
    expect(refused.stdout + refused.stderr).toMatch(/was signed by another identity/)
    expect(await serving()).toBe('1.0.0')
    expect(readdirSync(join(folder, 'srv/releases'))).toHaveLength(1)
    await signed('1.2.0')
    expect((await run('apply', '--auto-approve')).code).toBe(0)
    expect(await serving()).toBe('1.2.0')
  },
)

test('a proof that the source cannot give is refused before anything begins', async () => {
  const { folder, run } = await project('impossible')
  await writeFile(
    join(folder, 'deploy.yaml'),
    yaml('{ checksums: SUMS }').replace(
      /type: directory, path: releases, pattern: \S+/,
      'type: git, repository: .,',
    ),
  )
  const { code, stderr } = await run('validate')
  expect(code).toBe(3)
  expect(stderr).toMatch(/sources\.app: nothing lies beside the releases of a source of\s+type git/)
})

test('the cache keeps what is recorded, whatever its limits, and gives up the rest after a deployment', async () => {
  const { folder, run, configure, release, serving } = await project('limits')
  const artifacts = join(folder, '.deployctl/cache/artifacts')
  const archives = (): readonly string[] =>
    readdirSync(artifacts).filter((name) => /^sha256-[0-9a-f]{64}$/.test(name))
  const forget = async (): Promise<void> => {
    const longAgo = new Date(Date.now() - 40 * 86_400_000)
    for (const name of readdirSync(artifacts)) await utimes(join(artifacts, name), longAgo, longAgo)
  }
  await configure(
    "{ digest: { '0.0.0': 'sha1:0000000000000000000000000000000000000000' }, required: false }",
    'cache: { maxSize: 1B, maxAge: 30d }',
  )
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    await release(version)
    expect((await run('apply', '--auto-approve')).code).toBe(0)
  }
  expect(archives()).toHaveLength(3)
  const listed = JSON.parse((await run('cache', 'list', '--json')).stdout.trim().split('\n').at(-1)!) as {
    rows: { version: string; neededBy: string[] }[]
  }
  const needs = Object.fromEntries(listed.rows.map((row) => [row.version, row.neededBy]))
  expect(needs).toEqual({ '1.0.0': [], '1.1.0': ['default: app v1.1.0'], '1.2.0': ['default: app v1.2.0'] })
  expect((await run('cache', 'list')).stdout).toMatch(
    /app-1\.2\.0\.tgz \(app v1\.2\.0\) .*just now .*default: app v1\.2\.0/,
  )
  expect((await run('cache', 'prune')).stdout).toMatch(/Nothing had to go: 3 things/)
  await forget()
  expect((await run('cache', 'prune')).stdout).toMatch(/Removed 1 thing, .*: 2 things, .* left\./)
  await forget()
  await release('1.3.0')
  expect((await run('apply', '--auto-approve')).code).toBe(0)
  expect(await serving()).toBe('1.3.0')
  expect(archives()).toHaveLength(2)

  const [rotten = ''] = archives()
  await writeFile(join(artifacts, rotten), 'rotten')
  const verified = await run('cache', 'verify')
  expect(verified.code).toBe(1)
  expect(verified.stdout).toMatch(/was not what it had been and is removed/)
  expect(existsSync(join(artifacts, rotten))).toBe(false)
  expect((await run('cache', 'verify')).stdout).toMatch(/Everything is sound: 1 thing/)
  expect((await run('cache', 'empty')).code).toBe(3)
})

test('where a state cannot be read nothing is removed, and a deployment ends as it would have', async () => {
  const { folder, run, configure, release, serving } = await project('unreadable')
  await configure(
    "{ digest: { '0.0.0': 'sha1:0000000000000000000000000000000000000000' }, required: false }",
    'cache: { maxSize: 1B }\nenvironments: { one: {}, two: {} }\ndefaultEnvironment: one',
  )
  await release('1.0.0')
  expect((await run('apply', '--auto-approve')).code).toBe(0)
  await writeFile(join(folder, '.deployctl/state/two.json'), 'broken')
  await release('1.1.0')
  const { code, stderr, stdout } = await run('apply', '--auto-approve')
  expect(code).toBe(0)
  expect(stdout + stderr).toMatch(/the cache was not pruned: /)
  expect(await serving()).toBe('1.1.0')
  expect((await run('cache', 'prune')).code).toBe(1)
  expect((await run('cache', 'verify')).code).toBe(0)
})
