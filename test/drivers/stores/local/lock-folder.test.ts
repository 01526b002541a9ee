/** Locks as files: holders of other machines, claims that cannot be read, contenders that hang, and what is said of each. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StateStore } from '../../../../src/model/state-store.js'
import { localWorld, type LocalWorld } from './local-world.js'
import { openLocalStore } from './open-local-store.js'

const never = new AbortController().signal
const request = { operation: 'apply', by: 'ann', waitMs: 0 }
let world: LocalWorld
let store: StateStore
let folder: string
beforeEach(async () => {
  world = await localWorld()
  store = world.open()
  folder = join(world.root, 'locks', 'staging')
})
afterEach(() => world.close())

/** The claim of this process, changed, as the file of another. */
async function forge(changes: Record<string, unknown>, held = true): Promise<string> {
  const lock = await store.lock('staging', request, never)
  const own = join(folder, `${lock.id}.claim`)
  const text = (await readFile(own, 'utf8')).split('\n', 1)[0] ?? ''
  await lock.release()
  const claim = { ...(JSON.parse(text) as Record<string, unknown>), id: '00000001', ...changes }
  const path = join(folder, '00000001.claim')
  await writeFile(path, `${JSON.stringify(claim)}\n${held ? 'held\n' : ''}`)
  return path
}

describe('a holder', () => {
  test('of another machine is never taken over, however old it looks; the hint tells of the silence', async () => {
    const path = await forge({ host: 'elsewhere', pid: 1 })
    const old = new Date(Date.now() - 3_600_000)
    await utimes(path, old, old)
    expect(await store.lockHolder('staging')).toMatchObject({ liveness: 'unknown', host: 'elsewhere' })
    await expect(store.lock('staging', request, never)).rejects.toMatchObject({
      code: 'LOCKED',
      hint: expect.stringMatching(/no sign of life for 1h.*deployctl unlock 00000001/) as string,
    })
  })

  test('seen from another machine is unknown, also while it is at work', async () => {
    const lock = await store.lock('staging', request, never)
    const elsewhere = openLocalStore(dirname(world.root), 'elsewhere')
    expect(await elsewhere.lockHolder('staging')).toMatchObject({ liveness: 'unknown' })
    await expect(elsewhere.lock('staging', request, never)).rejects.toMatchObject({ code: 'LOCKED' })
    await lock.release()
  })

  test('in another container of this machine is unknown', async () => {
    await forge({ place: { machineId: '', bootId: '', namespace: 'pid:[1]' } })
    expect(await store.lockHolder('staging')).toMatchObject({ liveness: 'unknown' })
  })

  test('whose number is now that of another process is dead', async () => {
    await forge({ startedAt: 'an earlier boot/1' })
    const lock = await store.lock('staging', request, never)
    expect(lock.tookOver).toMatchObject({ id: '00000001', liveness: 'dead' })
    await lock.release()
  })

  test('at work on this machine is to be waited for or stopped, not unlocked', async () => {
    const lock = await store.lock('staging', request, never)
    const error: unknown = await store.lock('staging', request, never).catch((reason: unknown) => reason)
    expect((error as { hint: string }).hint).toMatch(/Wait.*kill -TERM/)
    expect((error as { hint: string }).hint).not.toContain('unlock')
    await lock.release()
  })

  test('whose claim cannot be read keeps the lock until a person decides', async () => {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'deadbeef.claim'), '\0\0\0')
    await expect(store.lock('staging', request, never)).rejects.toMatchObject({
      code: 'LOCKED',
      hint: expect.stringContaining('unlock deadbeef') as string,
    })
    await store.breakLock('staging', 'deadbeef')
    await (await store.lock('staging', request, never)).release()
  })

  test('shows by its file that it lives', async () => {
    const lock = await store.lock('staging', request, never)
    const path = join(folder, `${lock.id}.claim`)
    await utimes(path, new Date(0), new Date(0))
    for (;;) {
      const holder = await store.lockHolder('staging')
      if (holder?.heartbeat !== new Date(0).toISOString()) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await lock.release()
  })
})

describe('a contender', () => {
  test('that died before it held the lock is cleared away without a word', async () => {
    await forge({ startedAt: 'an earlier boot/1' }, false)
    const lock = await store.lock('staging', request, never)
    expect(lock.tookOver).toBeNull()
    expect(await readdir(folder)).toEqual([`${lock.id}.claim`])
    await lock.release()
    expect(await readdir(folder)).toEqual([])
  })

  test('that hangs before it holds the lock is no holder, and is named in the end', async () => {
    const child = spawn('sleep', ['60'])
    await forge({ pid: child.pid, startedAt: '' }, false)
    expect(await store.lockHolder('staging')).toBeNull()
    await expect(store.lock('staging', request, never)).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`${child.pid ?? 0}`) as string,
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await store.lock('staging', request, never)).release()
  })

  test('that was killed while it wrote its claim leaves nothing for long', async () => {
    await mkdir(folder, { recursive: true })
    for (const name of ['.0a.claim.00.tmp', '.0b.claim.00.tmp']) await writeFile(join(folder, name), '{"type')
    await utimes(join(folder, '.0a.claim.00.tmp'), new Date(0), new Date(0))
    const lock = await store.lock('staging', request, never)
    expect(await readdir(folder)).toEqual(['.0b.claim.00.tmp', `${lock.id}.claim`])
    await lock.release()
  })

  test('that is cancelled leaves nothing', async () => {
    const lock = await store.lock('staging', request, never)
    const cancelled = store.lock('staging', { ...request, waitMs: 60_000 }, AbortSignal.timeout(30))
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await readdir(folder)).toEqual([`${lock.id}.claim`])
    await lock.release()
  })
})
