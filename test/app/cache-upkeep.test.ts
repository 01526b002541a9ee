/** What the cache must keep: every release on record in any environment, and those of deployments not yet at an end. */
import { describe, expect, test } from 'vitest'
import { listCache, pruneCache, tidyCache } from '../../src/app/cache-upkeep.js'
import { deploy, rollBack } from '../../src/app/deploy.js'
import type { World } from '../../src/app/world.js'
import { DeployError } from '../../src/base/deploy-error.js'
import { sha256 } from '../../src/base/hash.js'
import type { CacheEntry } from '../../src/model/cache.js'
import { emptyDisk } from '../support/memory-store.js'
import { configOf, memoryWorld, quietExecution, service } from '../support/memory-world.js'
import { MemoryGround } from '../support/memory-ground.js'

const never = new AbortController().signal
const entry = (version: string): CacheEntry => ({
  kind: 'archive',
  id: version,
  digest: sha256(version),
  bytes: 1,
  name: '',
  source: '',
  version: '',
  usedAt: '2026-01-01T00:00:00.000Z',
})
/** A world whose cache gives up all that is not needed, and says what it was asked to keep. */
function watched(world: World, versions: readonly string[]) {
  const asked: { needed: ReadonlySet<string> } = { needed: new Set() }
  const cache: World['cache'] = {
    list: async () => versions.map(entry),
    prune: async (_limits, needed) => {
      asked.needed = needed
      return { removed: [], kept: [] }
    },
    verify: async () => undefined,
  }
  return { world: { ...world, cache }, asked }
}

describe('needed is', () => {
  const config = configOf([service('web')])
  test('what serves, what can be rolled back to, and what is pinned', async () => {
    const [disk, ground] = [emptyDisk(), new MemoryGround()]
    const versions = ['1.0.0', '1.1.0', '1.2.0']
    for (const count of [1, 2, 3]) {
      const { world } = watched(memoryWorld({ config, ground, disk, versions: versions.slice(0, count) }), [])
      await deploy(world, { services: [] }, quietExecution(), never)
    }
    const { world, asked } = watched(memoryWorld({ config, ground, disk, versions }), [...versions, '9.9.9'])
    await rollBack(world, { services: [], to: '1.0.0' }, quietExecution(), never)
    await pruneCache(world, never)
    expect(asked.needed.has(sha256('1.0.0'))).toBe(true)
    const { rows } = await listCache(world, never)
    expect(rows.find((row) => row.id === '1.0.0')?.neededBy).toEqual(['staging: web v1.0.0'])
    expect(rows.find((row) => row.id === '9.9.9')?.neededBy).toEqual([])
    expect(rows.filter((row) => row.neededBy.length > 0).map((row) => row.id)).toEqual(
      versions.filter((version) => asked.needed.has(sha256(version))),
    )
  })

  test('what a deployment that was interrupted would stage', async () => {
    const [disk, ground] = [emptyDisk(), new MemoryGround()]
    const first = memoryWorld({ config, ground, disk, versions: ['1.0.0'] })
    first.store.cutAfter(2)
    await Promise.race([deploy(first, { services: [] }, quietExecution(), never), first.store.dead])
    const { world, asked } = watched(memoryWorld({ config, ground, disk, versions: ['1.0.0'] }), ['1.0.0'])
    await pruneCache(world, never)
    expect([...asked.needed]).toEqual([sha256('1.0.0')])
    expect((await listCache(world, never)).rows[0]?.neededBy[0]).toMatch(/^staging: deployment /)
  })

  test('everything, where it cannot be known: nothing is pruned, and that is only a word', async () => {
    const { world, asked } = watched(
      memoryWorld({ config, ground: new MemoryGround(), disk: emptyDisk(), versions: [] }),
      [],
    )
    const store = {
      ...world.store,
      environments: async () => ['production'],
      read: () => Promise.reject(new DeployError('STATE_CORRUPT', 'it is damaged', { hint: 'mend it' })),
    }
    const broken = { ...world, store }
    await expect(pruneCache(broken, never)).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
    const said: string[] = []
    await tidyCache(broken, (message) => said.push(message), never)
    expect(said).toEqual(['the cache was not pruned: it is damaged (mend it)'])
    expect(asked.needed.size).toBe(0)
  })
})
