/**
 * The real driver in a process of its own, killed with SIGKILL before every single change it makes to the file system.
 * From each of these worlds another process must be able to undo, to the old world, and to finish, to the new one.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  directoryBench,
  worldOfTarget,
  type DirectoryBench,
  type StageableRelease,
} from '../../support/directory-bench.js'
import type { FolderWorld } from '../../support/world-of-folder.js'
import type { ChildOrder } from '../../support/target-child.js'
import { shareOf } from '../../support/shares.js'

const options = { shared: ['.env', 'log/', 'data/uploads/'] }
const files = (version: string) => ({
  'index.html': version,
  'data/uploads/first.txt': 'shipped',
  'bin/run': { mode: 0o755, text: version },
  empty: null,
})

let programFolder: string
let program: string
beforeAll(async () => {
  programFolder = await mkdtemp(join(tmpdir(), 'deployctl-child-'))
  program = join(programFolder, 'child.cjs')
  const entry = join(import.meta.dirname, '../../support/target-child.ts')
  await build({ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', logLevel: 'error' })
})
afterAll(() => rm(programFolder, { recursive: true, force: true }))

interface Scene {
  readonly bench: DirectoryBench
  readonly old: StageableRelease
  readonly next: StageableRelease
}

interface Script {
  readonly verb: ChildOrder['verb']
  /** Brings the place to where the operation begins. */
  readonly prepare: (scene: Scene) => Promise<void>
  /** The same operation, and its inverse (null: it has none), in this process. */
  readonly finish: (scene: Scene) => Promise<unknown>
  readonly undo: ((scene: Scene) => Promise<unknown>) | null
  readonly from?: 'old'
}

const stage = ({ bench }: Scene, release: StageableRelease) =>
  bench.target(options).stage(release.instance, release.obtain, bench.context())
const discard = ({ bench, next }: Scene) => bench.target(options).discard(next.instance, bench.context())
const route = ({ bench }: Scene, from: StageableRelease | null, to: StageableRelease | null) =>
  bench.target(options).route(shareOf(from?.instance ?? null), shareOf(to?.instance ?? null), bench.context())

async function claim({ bench }: Scene): Promise<void> {
  const request = { deployment: 'd2', by: 'tester', incoming: [] }
  const held = await bench.target(options).claim(request, bench.context().signal)
  await held.release()
}

async function serveOld(scene: Scene): Promise<void> {
  await stage(scene, scene.old)
  await route(scene, null, scene.old)
}

const scripts: { readonly [title: string]: Script } = {
  'a first stage': {
    verb: 'stage',
    prepare: async () => undefined,
    finish: (scene) => stage(scene, scene.next),
    undo: discard,
  },
  'a further stage': {
    verb: 'stage',
    prepare: serveOld,
    finish: (scene) => stage(scene, scene.next),
    undo: discard,
  },
  'a discard': {
    verb: 'discard',
    prepare: async (scene) => {
      await serveOld(scene)
      await stage(scene, scene.next)
    },
    finish: discard,
    undo: (scene) => stage(scene, scene.next),
  },
  'a route': {
    verb: 'route',
    from: 'old',
    prepare: async (scene) => {
      await serveOld(scene)
      await stage(scene, scene.next)
    },
    finish: (scene) => route(scene, scene.old, scene.next),
    undo: (scene) => route(scene, scene.next, scene.old),
  },
  'a first route': {
    verb: 'route',
    prepare: (scene) => stage(scene, scene.next),
    finish: (scene) => route(scene, null, scene.next),
    undo: (scene) => route(scene, scene.next, null),
  },
  'a claim': {
    verb: 'claim',
    prepare: async () => undefined,
    finish: claim,
    undo: claim,
  },
  'a prune': {
    verb: 'prune',
    prepare: async (scene) => {
      await stage(scene, scene.next)
      await serveOld(scene)
    },
    finish: ({ bench }) => bench.target(options).prune([], bench.context()),
    undo: null,
  },
}

describe('a directory target killed before every change it makes to the disk', () => {
  for (const [title, script] of Object.entries(scripts)) {
    test(
      `${title} can be undone and finished from wherever it had come to`,
      { timeout: 120_000 },
      async () => {
        const [before, after] = await inScene(script, async (scene) => {
          const start = await worldOfTarget(scene.bench)
          await script.finish(scene)
          return [start, await worldOfTarget(scene.bench)] as const
        })
        let kills = 0
        while (await inScene(script, (scene) => surviveKill(script, scene, kills + 1, before, after))) kills++
        expect(kills).toBeGreaterThan(['route', 'claim'].includes(script.verb) ? 3 : 8)
      },
    )
  }
})

/** Kills it there; then undoes it in a copy, and finishes it in place. False when it had nothing left to be killed in. */
async function surviveKill(
  script: Script,
  scene: Scene,
  kill: number,
  before: FolderWorld,
  after: FolderWorld,
): Promise<boolean> {
  if (!(await runKilled(script, scene, kill))) return false
  if (script.undo !== null) {
    const copy = await directoryBench()
    try {
      await promisify(execFile)('cp', ['-a', `${scene.bench.folder}/.`, copy.folder])
      await script.undo({ ...scene, bench: copy })
      expect(await worldOfTarget(copy), `undone after kill ${kill}`).toEqual(before)
    } finally {
      await copy.end()
    }
  }
  await script.finish(scene)
  expect(await worldOfTarget(scene.bench), `finished after kill ${kill}`).toEqual(after)
  return true
}

async function inScene<T>(script: Script, act: (scene: Scene) => Promise<T>): Promise<T> {
  const bench = await directoryBench()
  try {
    const old = await bench.release('1.0.0', files('1.0.0'), options)
    const next = await bench.release('1.1.0', files('1.1.0'), options)
    const scene = { bench, old, next }
    await script.prepare(scene)
    return await act(scene)
  } finally {
    await bench.end()
  }
}

/** True when it was killed, false when it came to its end before. */
async function runKilled(script: Script, { bench, old, next }: Scene, killBefore: number): Promise<boolean> {
  const order: ChildOrder = {
    path: bench.path,
    options,
    verb: script.verb,
    instance: next.instance,
    from: script.from === undefined ? null : old.instance,
    artifact: (await next.obtain()).path,
    killBefore,
  }
  const env = { ...process.env, TMPDIR: join(bench.folder, 'origin') }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, JSON.stringify(order)], { env }, (error, _, stderr) => {
      if (error === null) resolve(false)
      else if (error.signal === 'SIGKILL') resolve(true)
      else reject(new Error(stderr))
    })
  })
}
