/** Looking after the cache: every kind of thing in it, what may go and what never does, and kills in the middle of it. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { createCache } from '../../../src/drivers/artifacts/cache-upkeep.js'
import { treeDigest } from '../../../src/drivers/artifacts/tree-manifest.js'
import { startOf, thisPlace } from '../../../src/drivers/system/process-identity.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import type { CacheEntry } from '../../../src/model/cache.js'
import { never, scratchFolder } from '../system/scratch.js'

const scratch = await scratchFolder()
let directory = ''
let count = 0
beforeEach(() => {
  directory = join(scratch, `cache-${count++}`)
})

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
const cache = () => createCache({ directory, clock: systemClock, pid: process.pid })
const [day, ages] = [24, 24 * 400]
const old = (path: string, hoursAgo: number): void => {
  const at = new Date(Date.now() - hoursAgo * 3_600_000)
  utimesSync(path, at, at)
}
const put = (path: string, content: string, hoursAgo = ages): string => {
  const full = join(directory, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, content)
  old(full, hoursAgo)
  return full
}
const archive = (content: string, hoursAgo: number): string => {
  const digest = sha256(content)
  const path = put(`artifacts/sha256-${digest}`, content, ages)
  const note = {
    name: `${content.slice(0, 8)}.tgz`,
    digest,
    size: content.length,
    source: 'app',
    version: '1.0.0',
  }
  put(`artifacts/sha256-${digest}.json`, JSON.stringify(note), hoursAgo)
  expect(existsSync(path)).toBe(true)
  return `sha256:${digest}`
}
const checkout = async (commit: string, hoursAgo: number): Promise<string> => {
  const name = `git/${commit}-0123abcd`
  put(`${name}/bin/app`, 'x'.repeat(40))
  put(`${name}/empty`, '')
  put(`${name}.digest`, await treeDigest(join(directory, name), never), hoursAgo)
  return `sha1:${commit}`
}
const commitOf = (letter: string): string => letter.repeat(40)
const fetched = (url: string, content: string, hoursAgo: number): string => {
  const file = put(`http/${sha256(url)}`, content, hoursAgo)
  const digest = `sha256:${sha256(content)}`
  put(
    `http/${sha256(url)}.json`,
    JSON.stringify({ mark: 'x', measured: { digest, size: content.length } }),
    hoursAgo,
  )
  expect(existsSync(file)).toBe(true)
  return digest
}
const limits = { maxBytes: 1e9, maxAgeMs: 30 * day * 3_600_000 }
const none = new Set<string>()
const left = async (): Promise<readonly (string | null)[]> =>
  (await cache().list(never)).map((entry) => entry.digest).sort()

describe('what there is', () => {
  test('is nothing where there is no cache', async () => {
    expect(await cache().list(never)).toEqual([])
    expect(await cache().prune(limits, none, never)).toEqual({ removed: [], kept: [] })
    await cache().verify(() => expect.unreachable(), never)
    expect(existsSync(directory)).toBe(false)
  })

  test('is every kind of thing, the last used first, with its size', async () => {
    const app = archive('archive of the app', 2)
    const source = await checkout(commitOf('a'), 3)
    const waiting = fetched('http://x/app.tgz', 'waiting', 4)
    put(`artifacts/partial/sha256-${'b'.repeat(64)}`, 'half', 5)
    put(`git/.making-${commitOf('c')}-0123abcd/half`, 'half a checkout', 6)
    old(join(directory, `git/.making-${commitOf('c')}-0123abcd`), 6)
    put('artifacts/foreign.txt', 'not ours', 1)
    const seen = (await cache().list(never)).map(({ kind, digest, bytes }) => [kind, digest, bytes])
    expect(seen).toEqual([
      ['archive', app, 18],
      ['checkout', source, 40],
      ['fetched', waiting, 7],
      ['beginning', `sha256:${'b'.repeat(64)}`, 4],
      ['beginning', `sha1:${commitOf('c')}`, 15],
    ])
    expect((await cache().list(never))[0]).toMatchObject({
      source: 'app',
      version: '1.0.0',
      name: 'archive .tgz',
    })
  })
})

describe('pruning', () => {
  test('takes what is too old, then the least used until the rest fits; never what is needed or in use', async () => {
    const needed = archive('n'.repeat(100), ages)
    const neededCheckout = await checkout(commitOf('a'), ages)
    const ancient = [
      archive('a'.repeat(100), ages),
      await checkout(commitOf('b'), ages),
      fetched('u', 'v', ages),
    ]
    const [second, first] = [archive('s'.repeat(100), day), archive('f'.repeat(100), day + 1)]
    const kept = archive('k'.repeat(100), 2)
    const inUse = archive('u'.repeat(100), 0)
    const needs = new Set([needed, neededCheckout])
    const pruned = await cache().prune({ ...limits, maxBytes: 340 }, needs, never)
    expect(pruned.removed.map((entry) => entry.digest).sort()).toEqual([...ancient, first, second].sort())
    expect(await left()).toEqual([needed, neededCheckout, kept, inUse].sort())
    await cache().prune({ maxBytes: 0, maxAgeMs: 0 }, needs, never)
    expect(await left()).toEqual([needed, neededCheckout, inUse].sort())
    expect(readdirSync(join(directory, 'git')).sort()).toEqual(
      ['', '.bytes', '.digest'].map((ending) => `${commitOf('a')}-0123abcd${ending}`),
    )
  })

  test('what another process is making stays, whatever its age', async () => {
    const partial = put(`artifacts/partial/sha256-${'b'.repeat(64)}`, 'half')
    const owner = { token: 'x', pid: process.pid, startedAt: await startOf(process.pid), place: thisPlace() }
    put(`artifacts/locks/sha256-${'b'.repeat(64)}`, JSON.stringify(owner), 0)
    expect((await cache().prune({ maxBytes: 0, maxAgeMs: 0 }, none, never)).removed).toEqual([])
    expect(existsSync(partial)).toBe(true)
    rmSync(join(directory, `artifacts/locks/sha256-${'b'.repeat(64)}`))
    expect((await cache().prune({ maxBytes: 0, maxAgeMs: 0 }, none, never)).removed).toHaveLength(1)
    expect(existsSync(partial)).toBe(false)
  })

  test('sweeps up what killed processes left, and what nobody has asked about in a long time', async () => {
    const gone = { token: 'x', pid: process.pid, startedAt: 'another start', place: thisPlace() }
    const rubbish = [
      put(`artifacts/sha256-${'c'.repeat(64)}.json`, '{}'),
      put('artifacts/.sha256-x.json.0123456789ab.tmp', 'half'),
      put(`artifacts/locks/sha256-${'d'.repeat(64)}`, JSON.stringify(gone)),
      put(`artifacts/partial/sha256-${'d'.repeat(64)}.resume`, 'v1 "x"'),
      put(`git/${commitOf('e')}-0123abcd.digest`, 'sha256:x'),
      put(`git/${commitOf('e')}-0123abcd.lock`, JSON.stringify(gone)),
      put(`http/${'f'.repeat(64)}.json`, '{}'),
      put(`directory/${'f'.repeat(64)}.json`, '{}'),
    ]
    const fresh = [put(`http/${'a'.repeat(64)}.json`, '{}', day), put(`artifacts/foreign`, '', ages)]
    await cache().prune(limits, none, never)
    expect(rubbish.filter((path) => existsSync(path))).toEqual([])
    expect(fresh.filter((path) => !existsSync(path))).toEqual([])
  })

  test('a law: what is left fits the limits or may not go, and nothing goes without a reason', async () => {
    const thing = fc.record({
      bytes: fc.integer({ min: 1, max: 50 }),
      hoursAgo: fc.integer({ min: 0, max: 60 * day }),
      needed: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(thing, { maxLength: 8 }),
        fc.integer({ min: 0, max: 200 }),
        async (things, maxBytes) => {
          rmSync(directory, { recursive: true, force: true })
          const all = things.map(({ bytes, hoursAgo, needed }, index) => {
            const digest = archive(`${index}`.padEnd(bytes, 'x'), hoursAgo)
            return { digest, bytes: Math.max(bytes, `${index}`.length), hoursAgo, needed }
          })
          const needed = new Set(all.filter((one) => one.needed).map((one) => one.digest))
          const { removed } = await cache().prune({ ...limits, maxBytes }, needed, never)
          const gone = new Set(removed.map((entry) => entry.digest))
          const rest = all.filter((one) => !gone.has(one.digest))
          expect(await left()).toEqual(rest.map((one) => one.digest).sort())
          const mayGo = rest.filter((one) => !one.needed && one.hoursAgo > 1)
          expect(mayGo.every((one) => one.hoursAgo <= 30 * day + 1)).toBe(true)
          const total = rest.reduce((sum, one) => sum + one.bytes, 0)
          expect(mayGo.length === 0 || total <= maxBytes).toBe(true)
          for (const one of all.filter(({ digest }) => gone.has(digest))) {
            expect(one.needed || one.hoursAgo < 1).toBe(false)
            const before = all.reduce((sum, { bytes }) => sum + bytes, 0)
            expect(one.hoursAgo >= 30 * day || before > maxBytes).toBe(true)
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('verifying', () => {
  test('finds what rotted, of every kind, and removes it', async () => {
    const good = [archive('good', 2), await checkout(commitOf('a'), 2), fetched('u', 'good', 2)]
    const bad = [archive('rotten', 2), await checkout(commitOf('b'), 2), fetched('w', 'rotten', 2)]
    writeFileSync(join(directory, `artifacts/${bad[0]!.replace(':', '-')}`), 'rotteN')
    writeFileSync(join(directory, `git/${commitOf('b')}-0123abcd/bin/app`), 'changed')
    writeFileSync(join(directory, `http/${sha256('w')}`), 'rotteN')
    const told: [CacheEntry['digest'], boolean][] = []
    await cache().verify((entry, sound) => told.push([entry.digest, sound]), never)
    expect(
      told
        .filter(([, sound]) => !sound)
        .map(([digest]) => digest)
        .sort(),
    ).toEqual([...bad].sort())
    expect(told).toHaveLength(6)
    expect(await left()).toEqual([...good].sort())
  })

  test('can be cancelled', async () => {
    archive('one', 2)
    const cancel = new AbortController()
    cancel.abort()
    await expect(cache().verify(() => undefined, cancel.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

test('SIGKILL in the middle of pruning, again and again: what is left is whole or not taken for whole', async () => {
  const made = new Map<string, string>()
  for (let index = 0; index < 60; index++) {
    const content = `archive ${index}`.padEnd(5_000, 'x')
    made.set(archive(content, ages), content)
    const commit = index.toString(16).padStart(40, '0')
    await checkout(commit, ages)
    for (let file = 0; file < 20; file++) put(`git/${commit}-0123abcd/files/${file}`, 'x')
    put(
      `git/${commit}-0123abcd.digest`,
      await treeDigest(join(directory, `git/${commit}-0123abcd`), never),
      ages,
    )
  }
  const script = join(import.meta.dirname, 'prune-child.ts')
  let kills = 0
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, ['--import', 'tsx', script, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = new Promise((resolve) => child.on('close', resolve))
    await new Promise<void>((resolve) => {
      child.stdout.once('data', () => resolve()) // it has begun
      child.on('close', () => resolve())
    })
    // so many removals from there
    const before = await countOf()
    while (child.exitCode === null && before - (await countOf()) < 4 + round) await systemClock.sleep(1)
    if (child.kill('SIGKILL')) kills++
    await closed
    const broken: (string | null)[] = []
    const kinds = new Map((await cache().list(never)).map((entry) => [entry.digest, entry.kind]))
    const copy = createCache({ directory, clock: systemClock, pid: process.pid })
    await copy.verify((entry, sound) => sound || broken.push(entry.digest), never)
    // a folder whose digest went first is made again by whoever wants it; an archive is there or not
    expect(broken.filter((digest) => kinds.get(digest) === 'archive')).toEqual([])
    for (const [digest] of made) {
      const path = join(directory, 'artifacts', digest.replace(':', '-'))
      if (existsSync(path)) expect(statSync(path).size).toBe(5_000)
    }
  }
  expect(kills).toBeGreaterThan(3)
  await cache().prune({ maxBytes: 0, maxAgeMs: 0 }, none, never)
  expect(await left()).toEqual([])

  async function countOf(): Promise<number> {
    const names = (folder: string): number =>
      existsSync(join(directory, folder)) ? readdirSync(join(directory, folder)).length : 0
    return Promise.resolve(names('artifacts') + names('git'))
  }
}, 120_000)
