/** What every state store promises, whatever it keeps its data in. Other processes in it are real ones, and really killed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { HistoryRecord } from '../../src/model/history.js'
import type { JournalEntry } from '../../src/model/journal.js'
import type { StateStore, StateStoreDriver } from '../../src/model/state-store.js'
import { expectGoodSchema } from './driver-schema.js'
import { historyRecord, journalHeader, recordedState } from './store-documents.js'
import type { WorkerJob } from './store-worker.js'

export interface StoreWorld {
  /** The same storage as another process would open it. */
  open(): StateStore
  /** A program that runs jobs of store-worker.ts on this storage: `node <file> <environment> <job as JSON>`. */
  readonly worker: string
  /** The file of an open journal, where the store keeps journals as files: its tail will be torn. */
  journalFile(environment: string, deployment: string): string | null
  close(): Promise<void>
}

const env = 'staging'
const never = new AbortController().signal
const request = { operation: 'apply', by: 'ann', waitMs: 0 }
const step = (event: 'apply-started' | 'apply-succeeded', name = 'stage'): JournalEntry => ({
  type: 'step',
  step: name,
  event,
  at: '2026-01-01T00:00:01.000Z',
})
const closed: JournalEntry = { type: 'closed', at: '2026-01-01T00:00:09.000Z', outcome: 'applied' }

export function stateStoreContract(driver: StateStoreDriver, prepare: () => Promise<StoreWorld>): void {
  describe(`the state store ${driver.type} keeps the contract`, () => {
    let world: StoreWorld
    let store: StateStore
    let scratch: string
    const children = new Set<ChildProcess>()

    beforeEach(async () => {
      world = await prepare()
      store = world.open()
      scratch = await mkdtemp(join(tmpdir(), 'deployctl-store-'))
    })
    afterEach(async () => {
      for (const child of children) child.kill('SIGKILL')
      children.clear()
      await world.close()
      await rm(scratch, { recursive: true, force: true })
    })

    function start(job: WorkerJob): ChildProcess {
      const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit']
      const child = spawn(process.execPath, [world.worker, env, JSON.stringify(job)], { stdio })
      children.add(child)
      return child
    }
    async function answerOf(job: WorkerJob): Promise<string> {
      const child = start(job)
      let text = ''
      child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
      await once(child, 'close')
      return text.trim()
    }
    /** Starts a process that takes the lock; returns once it has it. */
    async function holdElsewhere(): Promise<{ readonly child: ChildProcess; readonly id: string }> {
      const child = start({ job: 'hold', waitMs: 10_000 })
      const [chunk] = (await once(child.stdout!, 'data')) as [Buffer]
      return { child, id: /^held (\w+)/.exec(chunk.toString())?.[1] ?? '' }
    }
    async function kill(child: ChildProcess): Promise<void> {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }

    test('its schema is closed, described and has examples', () => {
      expectGoodSchema(driver.type, driver.schema)
    })

    describe('state', () => {
      test('there is none before the first write', async () => {
        expect(await store.read(env)).toBeNull()
      })

      test('what was written is read, by every process, for its own environment', async () => {
        await store.writeIf(null, recordedState(1))
        await store.writeIf(1, recordedState(2, { by: 'grüße "\\ \n' }))
        expect(await world.open().read(env)).toEqual(recordedState(2, { by: 'grüße "\\ \n' }))
        expect(await store.read('production')).toBeNull()
      })

      test('environments are those with a state or a journal', async () => {
        expect(await store.environments()).toEqual([])
        await store.writeIf(null, recordedState(1, { environment: 'production' }))
        await (await store.createJournal(journalHeader('d1'))).close()
        expect(await world.open().environments()).toEqual(['production', env])
      })

      test('a write that expects another serial is refused, and says what there is, since when and by whom', async () => {
        await store.writeIf(null, recordedState(1))
        await store.writeIf(1, recordedState(2, { by: 'bob' }))
        for (const expected of [null, 1, 3]) {
          const error: unknown = await store
            .writeIf(expected, recordedState(9))
            .catch((reason: unknown) => reason)
          expect(error).toMatchObject({ code: 'PLAN_STALE' })
          for (const part of ['serial 2', 'bob', recordedState(2).written.at]) {
            expect((error as Error).message).toContain(part)
          }
        }
        expect((await store.read(env))?.serial).toBe(2)
        await expect(world.open().writeIf(5, recordedState(6, { environment: 'new' }))).rejects.toMatchObject(
          {
            code: 'PLAN_STALE',
          },
        )
      })

      test('a state of another origin or another project is not written over', async () => {
        await store.writeIf(null, recordedState(1))
        await expect(store.writeIf(1, { ...recordedState(2), lineage: 'other' })).rejects.toMatchObject({
          code: 'PLAN_STALE',
        })
        await expect(store.writeIf(1, { ...recordedState(2), project: 'blog' })).rejects.toMatchObject({
          code: 'STATE_CORRUPT',
        })
      })

      test('of many processes that write at once exactly one does', async () => {
        await store.writeIf(null, recordedState(1))
        const jobs = Array.from({ length: 6 }, (_, index) =>
          answerOf({ job: 'write', expected: 1, next: recordedState(2, { by: `writer-${index}` }) }),
        )
        const answers = await Promise.all(jobs)
        expect(answers.filter((answer) => answer !== 'PLAN_STALE')).toEqual(['written'])
        expect((await store.read(env))?.written.by).toBe(`writer-${answers.indexOf('written')}`)
      })
    })

    describe('the lock', () => {
      test('is held by one, named to all others, and free afterwards', async () => {
        const lock = await store.lock(env, request, never)
        expect(lock.tookOver).toBeNull()
        expect(lock.lost.aborted).toBe(false)
        const other = world.open()
        expect(await other.lockHolder(env)).toMatchObject({
          id: lock.id,
          by: 'ann',
          operation: 'apply',
          pid: process.pid,
        })
        const error: unknown = await other.lock(env, request, never).catch((reason: unknown) => reason)
        expect(error).toMatchObject({ code: 'LOCKED', hint: expect.stringMatching(/./) as string })
        const told = `${(error as Error).message} ${(error as { details: string[] }).details.join(' ')}`
        for (const part of ['ann', lock.id, `${process.pid}`, 'apply']) expect(told).toContain(part)
        await (await other.lock('production', request, never)).release()
        await lock.release()
        await lock.release()
        expect(await other.lockHolder(env)).toBeNull()
        await (await other.lock(env, request, never)).release()
      })

      test('can be waited for, and the waiting can be cancelled', async () => {
        const lock = await store.lock(env, request, never)
        const waiting = world.open().lock(env, { ...request, waitMs: 60_000 }, never)
        const abort = new AbortController()
        const cancelled = world.open().lock(env, { ...request, waitMs: 60_000 }, abort.signal)
        abort.abort()
        await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
        await lock.release()
        await (await waiting).release()
      })

      test('goes to one at a time, in a race of twenty processes', async () => {
        const guard = join(scratch, 'guard')
        const job = { job: 'race', guard, rounds: 2, waitMs: 60_000 } as const
        const answers = await Promise.all(Array.from({ length: 20 }, () => answerOf(job)))
        expect(answers).toEqual(Array.from({ length: 20 }, () => 'alone each time'))
        expect(await store.lockHolder(env)).toBeNull()
      }, 120_000)

      test('goes to exactly one of many that do not wait', async () => {
        const stores = Array.from({ length: 12 }, () => world.open())
        const tries = await Promise.allSettled(stores.map((one) => one.lock(env, request, never)))
        const held = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
        expect(held).toHaveLength(1)
        for (const one of tries)
          if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'LOCKED' })
        await held[0]!.release()
      })

      test('of a killed process is taken over, with a word about it, by exactly one of many', async () => {
        for (let round = 0; round < 3; round++) {
          const { child, id } = await holdElsewhere()
          expect(await store.lockHolder(env)).toMatchObject({ id, pid: child.pid, liveness: 'alive' })
          await expect(store.lock(env, request, never)).rejects.toMatchObject({ code: 'LOCKED' })
          await kill(child)
          expect(await store.lockHolder(env)).toMatchObject({ id, liveness: 'dead' })
          const stores = Array.from({ length: 5 }, () => world.open())
          const tries = await Promise.allSettled(stores.map((one) => one.lock(env, request, never)))
          const held = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
          expect(held).toHaveLength(1)
          await held[0]!.release()
        }
        const { child, id } = await holdElsewhere()
        await kill(child)
        const lock = await store.lock(env, request, never)
        expect(lock.tookOver).toMatchObject({ id, by: 'worker', pid: child.pid })
        await lock.release()
      })

      test('can be broken by its id only, whoever holds it', async () => {
        await expect(store.breakLock(env, 'none')).rejects.toMatchObject({ code: 'NOTHING_TO_RECOVER' })
        const { id } = await holdElsewhere()
        const error: unknown = await store.breakLock(env, 'wrong').catch((reason: unknown) => reason)
        expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining(id) as string })
        expect(await store.breakLock(env, id)).toMatchObject({ id, by: 'worker' })
        expect(await store.lockHolder(env)).toBeNull()
        await (await store.lock(env, request, never)).release()
      })

      test('tells its holder when it is taken away', async () => {
        const lock = await store.lock(env, request, never)
        await world.open().breakLock(env, lock.id)
        if (!lock.lost.aborted) await once(lock.lost, 'abort')
        expect(lock.lost.reason).toMatchObject({ code: 'LOCK_LOST' })
        const next = await store.lock(env, request, never)
        await lock.release() // of a lock that is another's now changes nothing
        expect(await store.lockHolder(env)).toMatchObject({ id: next.id })
        await next.release()
      })
    })

    describe('journals', () => {
      test('there is nothing before the first', async () => {
        expect(await store.unfinished(env)).toEqual([])
        expect(await store.readJournal(env, 'none')).toBeNull()
        expect(await store.readJournal(env, '../../etc/passwd')).toBeNull()
        await expect(store.reopenJournal(env, 'none')).rejects.toMatchObject({ code: 'DEPLOYMENT_UNKNOWN' })
      })

      test('what was appended is read, in order, by every process at once', async () => {
        const header = journalHeader('d1')
        const writer = await store.createJournal(header)
        expect(await world.open().readJournal(env, 'd1')).toEqual({ header, entries: [] })
        const entries = Array.from({ length: 50 }, (_, index) => step('apply-started', `step-${index}`))
        await Promise.all(entries.map((entry) => writer.append(entry)))
        expect(await world.open().readJournal(env, 'd1')).toEqual({ header, entries })
        await writer.close()
      })

      test('unfinished are those without an end, oldest first, until they are closed', async () => {
        const third = await store.createJournal(journalHeader('a3', '2026-01-03T00:00:00.000Z'))
        const first = await store.createJournal(journalHeader('c1', '2026-01-01T00:00:00.000Z'))
        const second = await store.createJournal(journalHeader('b2', '2026-01-02T00:00:00.000Z'))
        await first.append(step('apply-started'))
        expect(await store.unfinished(env)).toEqual(['c1', 'b2', 'a3'])
        expect(await store.unfinished('production')).toEqual([])
        await second.append(closed)
        expect(await store.unfinished(env)).toEqual(['c1', 'a3']) // also when its writer dies before `close`
        await second.close()
        await first.close()
        await third.close()
        expect(await store.unfinished(env)).toEqual(['c1', 'a3'])
        expect((await store.readJournal(env, 'b2'))?.entries).toEqual([closed])
        await expect(store.createJournal(journalHeader('c1'))).rejects.toMatchObject({ code: 'FILE_EXISTS' })
      })

      test('one that was left is taken up again and finished', async () => {
        const writer = await store.createJournal(journalHeader('d1'))
        await writer.append(step('apply-started'))
        await writer.close()
        const again = await world.open().reopenJournal(env, 'd1')
        await again.append(step('apply-succeeded'))
        await again.append(closed)
        await again.close()
        expect(await store.unfinished(env)).toEqual([])
        const { entries } = (await store.readJournal(env, 'd1'))!
        expect(entries).toEqual([step('apply-started'), step('apply-succeeded'), closed])
      })

      test('a torn tail, cut at any byte, loses the line it is in and no other', async () => {
        const path = world.journalFile(env, 'd1')
        if (path === null) return // not kept in a file
        const header = journalHeader('d1')
        const entries = [step('apply-started'), step('apply-succeeded', 'größe')]
        const writer = await store.createJournal(header)
        for (const entry of entries) await writer.append(entry)
        await writer.close()
        const whole = await readFile(path)
        for (let length = 0; length < whole.length; length++) {
          const cut = whole.subarray(0, length)
          await writeFile(path, cut)
          const lines = cut.toString('latin1').split('\n').length - 1
          const expected = lines === 0 ? null : { header, entries: entries.slice(0, lines - 1) }
          expect(await store.readJournal(env, 'd1')).toEqual(expected)
          expect(await store.unfinished(env)).toEqual(lines === 0 ? [] : ['d1'])
          if (lines === 0) continue
          const again = await store.reopenJournal(env, 'd1')
          await again.append(step('apply-started', 'next'))
          await again.close()
          const read = await store.readJournal(env, 'd1')
          expect(read?.entries).toEqual([...entries.slice(0, lines - 1), step('apply-started', 'next')])
        }
      })
    })

    describe('history', () => {
      test('is empty at first, then newest first, as much as is asked for', async () => {
        expect(await store.readHistory(env, 10)).toEqual([])
        for (let index = 1; index <= 30; index++) await store.appendHistory(historyRecord(`d${index}`))
        const ids = (records: readonly HistoryRecord[]) => records.map((record) => record.deployment)
        expect(ids(await world.open().readHistory(env, 3))).toEqual(['d30', 'd29', 'd28'])
        expect(await store.readHistory(env, 100)).toHaveLength(30)
        expect(await store.readHistory(env, 0)).toEqual([])
        expect(await store.readHistory('production', 100)).toEqual([])
      })

      test('of two records of a deployment the later one counts, in its own place', async () => {
        await store.appendHistory(historyRecord('d1', 'stuck'))
        await store.appendHistory(historyRecord('d2'))
        await store.appendHistory(historyRecord('d1', 'unwound'))
        const records = await store.readHistory(env, 10)
        expect(records.map((record) => [record.deployment, record.outcome])).toEqual([
          ['d1', 'unwound'],
          ['d2', 'applied'],
        ])
      })
    })

    describe('marks', () => {
      const said = { by: 'ann@desk', at: '2026-01-01T00:00:00.000Z', reason: null }
      const approval = (step: string) => ({ kind: 'approveStep', deployment: 'd1', step, ...said }) as const
      const abort = { kind: 'abort', deployment: 'd1', ...said } as const

      test('are read by every process, for their own environment, whoever holds the lock', async () => {
        expect(await store.readMarks(env)).toEqual([])
        const lock = await store.lock(env, request, never)
        for (const mark of [approval('a'), approval('b'), abort])
          expect(await world.open().leaveMark(env, mark)).toBeNull()
        const read = await store.readMarks(env)
        expect(read).toHaveLength(3)
        expect(read).toEqual(expect.arrayContaining([approval('a'), approval('b'), abort]))
        expect(await store.readMarks('production')).toEqual([])
        await lock.release()
      })

      test('of two that say the same, also at once, the first stays and is the answer', async () => {
        const voices = ['ann@desk', 'bob@desk', 'eve@desk'].map((by) => ({ ...approval('a'), by }))
        const answers = await Promise.all(voices.map((voice) => world.open().leaveMark(env, voice)))
        const [kept] = await store.readMarks(env)
        expect(answers.filter((answer) => answer === null)).toHaveLength(1)
        expect(answers.filter((answer) => answer !== null)).toEqual([kept, kept])
      })

      test('are gone once removed, and removing one that is gone is no matter', async () => {
        await store.leaveMark(env, abort)
        await store.removeMark(env, { ...abort, by: 'anybody' })
        await store.removeMark(env, abort)
        expect(await store.readMarks(env)).toEqual([])
        expect(await store.leaveMark(env, abort)).toBeNull()
      })
    })

    describe('the key of saved plans', () => {
      test('is random, long and the same for all who ask, also at once', async () => {
        const keys = await Promise.all(
          [store, world.open(), world.open(), world.open()].map((one) => one.planKey()),
        )
        const texts = new Set(keys.map((key) => Buffer.from(key).toString('hex')))
        expect(texts.size).toBe(1)
        expect(keys[0]!.length).toBe(32)
        expect(Buffer.from(await world.open().planKey())).toEqual(Buffer.from(keys[0]!))
      })
    })
  })
}
