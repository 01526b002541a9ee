/** The digest of a folder is its content and nothing else; a manifest finds what was changed, and only that. */
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareTree } from '../../../src/drivers/artifacts/compare-tree.js'
import {
  digestOfEntries,
  readManifest,
  scanTree,
  treeDigest,
  writeManifest,
} from '../../../src/drivers/artifacts/tree-manifest.js'
import { never, scratchFolder } from '../system/scratch.js'

const scratch = await scratchFolder()
const fresh = (): string => mkdtempSync(join(scratch, 'tree-'))

type Node =
  | { readonly kind: 'file'; readonly content: string; readonly runs: boolean }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'folder' }
type Tree = readonly (readonly [path: string, node: Node])[]

const name = fc.constantFrom('a', 'b', 'B', 'é', 'e\u0301', 'a b', 'z.txt')
const node: fc.Arbitrary<Node> = fc.oneof(
  fc.record({
    kind: fc.constant('file' as const),
    content: fc.string({ maxLength: 20 }),
    runs: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('link' as const), target: fc.constantFrom('a', '../b', 'x/y') }),
  fc.constant({ kind: 'folder' as const }),
)
/** Folders `d0`, `d1` and the root, with different names in them. */
const tree: fc.Arbitrary<Tree> = fc
  .uniqueArray(fc.tuple(fc.constantFrom('', 'd0/', 'd1/', 'd0/d2/'), name, node), {
    selector: ([folder, leaf]) => folder + leaf,
    maxLength: 8,
  })
  .map((parts) => parts.map(([folder, leaf, what]) => [folder + leaf, what] as const))

function plant(parts: Tree, seconds: number): string {
  const root = fresh()
  for (const folder of ['d0', 'd1', 'd0/d2']) mkdirSync(join(root, folder), { recursive: true })
  for (const [path, what] of parts) {
    const full = join(root, path)
    if (what.kind === 'folder') mkdirSync(full)
    else if (what.kind === 'link') symlinkSync(what.target, full)
    else {
      writeFileSync(full, what.content)
      chmodSync(full, what.runs ? 0o755 : 0o644)
      utimesSync(full, seconds, seconds)
    }
  }
  return root
}

describe('the digest of a folder', () => {
  test('is the same for the same content, whenever and in whatever order it was made', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (parts) => {
        const [one, other] = [plant(parts, 1000), plant([...parts].reverse(), 2000)]
        expect(await treeDigest(one, never)).toBe(await treeDigest(other, never))
      }),
      { numRuns: 40 },
    )
  })

  test('differs for different content', async () => {
    const canonical = (parts: Tree): string => JSON.stringify([...parts].sort(([a], [b]) => (a < b ? -1 : 1)))
    await fc.assert(
      fc.asyncProperty(tree, tree, async (one, other) => {
        const same = canonical(one) === canonical(other)
        expect((await treeDigest(plant(one, 1), never)) === (await treeDigest(plant(other, 1), never))).toBe(
          same,
        )
      }),
      { numRuns: 40 },
    )
  })

  test('cannot be fooled by moving bytes between names, contents and targets', () => {
    const file = (path: string, sha256: string) => ({
      type: 'file' as const,
      path,
      mode: 0o644,
      size: 1,
      mtimeMs: 1,
      sha256,
    })
    const link = (path: string, target: string) => ({ type: 'link' as const, path, target })
    const digests = [
      [file('a', 'b')],
      [file('a","b', '')],
      [link('a', 'b')],
      [link('a', 'b'), file('c', 'd')],
      [file('a', 'b\n')],
    ].map(digestOfEntries)
    expect(new Set(digests).size).toBe(digests.length)
  })

  test('does not mind who may read, only who may run', async () => {
    const parts: Tree = [['a', { kind: 'file', content: 'x', runs: false }]]
    const root = plant(parts, 1)
    const before = await treeDigest(root, never)
    chmodSync(join(root, 'a'), 0o600)
    expect(await treeDigest(root, never)).toBe(before)
    chmodSync(join(root, 'a'), 0o744)
    expect(await treeDigest(root, never)).not.toBe(before)
  })

  test('a pipe has no place in a release', async () => {
    const root = fresh()
    execFileSync('mkfifo', [join(root, 'pipe')])
    await expect(treeDigest(root, never)).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
  })
})

describe('a manifest', () => {
  const planted = (): string =>
    plant(
      [
        ['a', { kind: 'file', content: 'hello', runs: false }],
        ['d0/b', { kind: 'file', content: 'x'.repeat(2_000_000), runs: true }],
        ['d0/link', { kind: 'link', target: '../a' }],
        ['d1/é', { kind: 'folder' }],
      ],
      1000,
    )

  test('comes back from disk as it was, or not at all', async () => {
    const entries = await scanTree(planted(), never)
    const path = join(scratch, 'manifest.jsonl')
    await writeManifest(path, entries)
    expect(await readManifest(path)).toEqual(entries)
    writeFileSync(
      path,
      (await import('node:fs')).readFileSync(path, 'utf8').split('\n').slice(0, 3).join('\n'),
    )
    expect(await readManifest(path)).toBe(null)
    writeFileSync(path, 'garbage')
    expect(await readManifest(path)).toBe(null)
    expect(await readManifest(join(scratch, 'nowhere'))).toBe(null)
  })

  test('finds every change, and is not alarmed by what is added or only touched', async () => {
    const root = planted()
    const manifest = await scanTree(root, never)
    expect(await compareTree(root, manifest, never)).toEqual([])

    writeFileSync(join(root, 'd1/log'), 'added')
    utimesSync(join(root, 'a'), 5, 5)
    expect(await compareTree(root, manifest, never)).toEqual([])

    writeFileSync(join(root, 'a'), 'hullo')
    appendFileSync(join(root, 'd0/b'), 'more')
    rmSync(join(root, 'd0/link'))
    symlinkSync('elsewhere', join(root, 'd0/link'))
    rmSync(join(root, 'd1/é'), { recursive: true })
    chmodSync(join(root, 'd1'), 0o700)
    expect(await compareTree(root, manifest, never)).toEqual([
      { path: 'a', what: 'content' },
      { path: 'd0/b', what: 'content' },
      { path: 'd0/link', what: 'target' },
      { path: 'd1', what: 'mode' },
      { path: 'd1/é', what: 'missing' },
    ])
    rmSync(join(root, 'd0'), { recursive: true })
    writeFileSync(join(root, 'd0'), '')
    expect((await compareTree(root, manifest, never)).map(({ path, what }) => `${path} ${what}`)).toEqual(
      expect.arrayContaining(['d0 type', 'd0/b missing', 'd0/link missing']),
    )
  })
})
