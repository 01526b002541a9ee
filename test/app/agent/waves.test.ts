/** The laws of waves: whatever happens to the agents and whatever their clocks say, never too many hosts deploy at once. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  crowdedBy,
  hasSlot,
  waitsFor,
  withBeat,
  withoutSlot,
  withSlot,
  withWord,
} from '../../../src/app/agent/waves/board-laws.js'
import {
  emptyBoard,
  parseBoard,
  writeBoard,
  type Board,
  type Slot,
} from '../../../src/app/agent/waves/board.js'
import { hostWord, saysTheSame } from '../../../src/app/agent/waves/host-word.js'
import { createSightings, sureForMs } from '../../../src/app/agent/waves/sightings.js'

const hosts = ['app-1', 'app-2', 'app-3', 'app-4', 'app-5'] as const
const expiryMs = 60_000

/** One agent on a clock that is wrong, and runs too fast or too slow. */
function createHost(name: string, offsetMs: number, rate: number, maxParallel: number) {
  const sightings = createSightings()
  let slot: Slot | null = null
  let sureAtMs = 0
  let tokens = 0
  return {
    now: (trueMs: number) => offsetMs + trueMs * rate,
    poll(board: Board, nowMs: number): Board {
      sightings.see(board, nowMs)
      if (slot !== null) return board
      const isDead = (one: Slot) => sightings.isDead(one, nowMs)
      if (crowdedBy(board, { host: name, canaries: [], maxParallel }, isDead) !== null) return board
      slot = { host: name, token: `${name}.${tokens++}`, beat: 0, expiryMs, since: '', services: ['web'] }
      sureAtMs = nowMs
      return withSlot(board, slot, isDead)
    },
    beat(board: Board, nowMs: number): Board {
      const next = slot === null ? null : withBeat(board, slot.token)
      if (next === null) slot = null
      else sureAtMs = nowMs
      return next ?? board
    },
    leave(board: Board): Board {
      const left = slot === null ? board : withoutSlot(board, slot.token)
      slot = null
      return left
    },
    /** Its process is gone: nobody gives back what it held. */
    die() {
      slot = null
    },
    deploys: (nowMs: number) => slot !== null && nowMs - sureAtMs < sureForMs(slot),
  }
}

const acts = fc.array(
  fc.record({
    host: fc.nat(hosts.length - 1),
    act: fc.constantFrom('poll', 'poll', 'poll', 'beat', 'beat', 'leave', 'die'),
    passMs: fc.oneof(fc.nat(10_000), fc.nat(100_000)),
  }),
  { maxLength: 150 },
)
const clocks = fc.array(
  fc.record({
    offsetMs: fc.integer({ min: -1e9, max: 1e9 }),
    rate: fc.double({ min: 0.8, max: 1.2, noNaN: true }),
  }),
  { minLength: hosts.length, maxLength: hosts.length },
)

test('never more than maxParallel hosts believe that they may deploy, and whoever asks for long enough may', () => {
  fc.assert(
    fc.property(acts, clocks, fc.integer({ min: 1, max: 3 }), (list, wrong, maxParallel) => {
      let board: Board = emptyBoard
      let trueMs = 0
      const all = hosts.map((name, index) =>
        createHost(name, wrong[index]?.offsetMs ?? 0, wrong[index]?.rate ?? 1, maxParallel),
      )
      const step = (index: number, act: string, passMs: number) => {
        trueMs += passMs
        const host = all[index]!
        const nowMs = host.now(trueMs)
        if (act === 'poll') board = host.poll(board, nowMs)
        if (act === 'beat') board = host.beat(board, nowMs)
        if (act === 'leave') board = host.leave(board)
        if (act === 'die') host.die()
        expect(parseBoard(writeBoard(board))).toEqual(board)
        const deploying = all.filter((one) => one.deploys(one.now(trueMs)))
        expect(deploying.length).toBeLessThanOrEqual(maxParallel)
      }
      for (const { host, act, passMs } of list) step(host, act, passMs)
      // the others have died where they were
      const [first] = all
      board = first?.leave(board) ?? board
      for (let polls = 0; polls < 10; polls++) {
        step(0, 'poll', 10_000)
        if (first?.deploys(first.now(trueMs))) step(0, 'beat', 0)
      }
      expect(first?.deploys(first.now(trueMs))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

describe('a release', () => {
  const web = { service: 'web', version: '1.1.0', digest: 'sha256:b' }
  const rules = (host: string, canaries: readonly string[] = ['app-1', 'app-2']) => ({
    host,
    canaries,
    maxParallel: 1,
  })
  const says = (word: object) => ({ at: '', well: {}, held: {}, ...word })
  const wellOn = (...names: string[]) =>
    names.reduce(
      (board, name) => withWord(board, name, says({ well: { web: ['sha256:b', 'sha256:a'] } })),
      emptyBoard,
    )

  test('begins on canaries, and elsewhere once it is well on all of them', () => {
    expect(waitsFor(emptyBoard, web, rules('app-1'))).toBe(null)
    expect(waitsFor(emptyBoard, web, rules('app-3'))).toBe(
      'web v1.1.0 has to be well on app-1 and app-2 first',
    )
    expect(waitsFor(wellOn('app-1'), web, rules('app-3'))).toBe('web v1.1.0 has to be well on app-2 first')
    expect(waitsFor(wellOn('app-1', 'app-2'), web, rules('app-3'))).toBe(null)
    expect(waitsFor(wellOn('app-1', 'app-2'), { ...web, digest: 'sha256:c' }, rules('app-3'))).toContain(
      'has to be well',
    )
    expect(waitsFor(emptyBoard, { ...web, digest: null }, rules('app-3'))).toBe(null)
  })

  test('that is held on another host begins nowhere, but may be tried again where it failed', () => {
    const board = withWord(wellOn('app-1', 'app-2'), 'app-4', says({ held: { web: ['sha256:b'] } }))
    for (const host of ['app-1', 'app-3', 'app-5'])
      expect(waitsFor(board, web, rules(host))).toBe('web v1.1.0 is held on app-4')
    expect(waitsFor(board, web, rules('app-4'))).toBe(null)
    expect(waitsFor(withWord(board, 'app-4', says({})), web, rules('app-3'))).toBe(null)
  })

  const spec = { target: { type: 'fake' }, checks: [] }
  const active = (digest: string, at: string) => ({
    active: {
      release: { source: 'main', version: '1', digest, artifact: { kind: 'folder', name: '', location: '' } },
      spec,
      instances: [],
      at,
      deployment: '',
    },
    previous: [],
    pin: null,
  })
  const state = (digest: string, holds: readonly string[] = []) =>
    ({
      services: {
        web: {
          ...active(digest, '2026-01-01T00:00:00Z'),
          holds: holds.map((one) => ({
            digest: one,
            version: '1',
            cause: 'failed',
            reason: '',
            at: '',
            by: '',
            deployment: '',
          })),
        },
      },
      orphanHolds: {},
    }) as never
  const facts = (changes: object = {}) => ({
    state: state('sha256:b'),
    sound: new Set(['web']),
    isCanary: true,
    soakMs: 60_000,
    now: new Date('2026-01-01T00:01:00Z'),
    ...changes,
  })

  test('is well on a canary once it has soaked and all is as recorded, and no longer when it is held', () => {
    expect(hostWord(facts(), null).well).toEqual({ web: ['sha256:b'] })
    expect(hostWord(facts({ now: new Date('2026-01-01T00:00:59Z') }), null).well).toEqual({})
    expect(hostWord(facts({ sound: new Set() }), null).well).toEqual({})
    expect(hostWord(facts({ isCanary: false }), null).well).toEqual({})
    const before = hostWord(facts({ state: state('sha256:a') }), null)
    expect(hostWord(facts(), before).well).toEqual({ web: ['sha256:b', 'sha256:a'] })
    const failed = hostWord(facts({ state: state('sha256:a', ['sha256:b']) }), hostWord(facts(), before))
    expect(failed).toMatchObject({ well: { web: ['sha256:a'] }, held: { web: ['sha256:b'] } })
    expect(saysTheSame(before, { ...before, at: 'later' })).toBe(true)
    expect(saysTheSame(before, failed)).toBe(false)
  })
})

test('a host that comes back takes the slot it left behind; the one before has lost it', () => {
  const slot = (token: string, host = 'app-1'): Slot => ({
    host,
    token,
    beat: 0,
    expiryMs,
    since: '',
    services: [],
  })
  const alive = () => false
  const left = withSlot(emptyBoard, slot('old'), alive)
  expect(crowdedBy(left, { host: 'app-2', canaries: [], maxParallel: 1 }, alive)).toBe(
    'app-1 deploys now, and no more than 1 may at once',
  )
  expect(crowdedBy(left, { host: 'app-1', canaries: [], maxParallel: 1 }, alive)).toBe(null)
  const again = withSlot(left, slot('new'), alive)
  expect(hasSlot(again, 'old')).toBe(false)
  expect(withBeat(again, 'old')).toBe(null)
})

test('what is not a board is refused', () => {
  for (const text of ['', '{}', 'null', '{"type":"deployctl-waves","format":2,"slots":[],"hosts":{}}'])
    expect(() => parseBoard(text)).toThrow('not of this deployctl')
})
