/** A state store in memory that survives the "process" using it, and whose journal can be cut off like power. */
import { DeployError } from '../../src/base/deploy-error.js'
import type { HistoryRecord } from '../../src/model/history.js'
import type { JournalEntry, JournalHeader } from '../../src/model/journal.js'
import { markName, type Mark } from '../../src/model/mark.js'
import type { RecordedState } from '../../src/model/state.js'
import type { StateStore } from '../../src/model/state-store.js'

/** What is on disk. Everything in it is JSON text, so that nothing survives that could not be written. */
export interface MemoryDisk {
  state: string | null
  readonly journals: Map<string, { header: string; entries: string[] }>
  readonly history: string[]
  readonly marks: Map<string, string>
  /** Whether somebody approves whatever waits, as soon as it waits. */
  approves: boolean
  locked: boolean
}

export const emptyDisk = (): MemoryDisk => ({
  state: null,
  journals: new Map(),
  history: [],
  marks: new Map(),
  approves: false,
  locked: false,
})

export interface MemoryStore extends StateStore {
  /** Journal writes from now on, of which only so many happen: the next hangs for ever, as if the machine had stopped. */
  cutAfter(writes: number): void
  /** Once, when so many more durable writes have happened. */
  afterWrite(writes: number, act: () => void): void
  /** Resolves when the cut has come. */
  readonly dead: Promise<void>
  readonly writes: () => number
}

export function memoryStore(disk: MemoryDisk): MemoryStore {
  let left = Number.POSITIVE_INFINITY
  let writes = 0
  let awaited: { readonly writes: number; readonly act: () => void } | null = null
  let die = (): void => undefined
  const dead = new Promise<void>((resolve) => {
    die = resolve
  })
  const never = new Promise<never>(() => undefined)
  /** One durable write: it happens, or the machine has stopped. */
  const durable = async (effect: () => void): Promise<void> => {
    if (left <= 0) {
      die()
      return never
    }
    left--
    writes++
    effect()
    if (writes === awaited?.writes) awaited.act()
  }
  const unfinished = (): string[] =>
    [...disk.journals]
      .filter(([, { entries }]) => !entries.some((entry) => entry.includes('"type":"closed"')))
      .map(([id]) => id)
  /** Of every step that waits in a deployment without an end. */
  const approvals = (): readonly Mark[] =>
    unfinished().flatMap((deployment) => {
      const { plan } = JSON.parse(disk.journals.get(deployment)!.header) as JournalHeader
      const waiting = plan.steps.filter(({ apply }) => apply.verb === 'pause')
      const said = { by: 'eve@desk', at: '2026-01-01T00:00:00.000Z', reason: null }
      return waiting.map(({ id }) => ({ kind: 'approveStep', deployment, step: id, ...said }) as const)
    })
  const writer = (deployment: string) => ({
    append: (entry: JournalEntry) =>
      durable(() => disk.journals.get(deployment)!.entries.push(JSON.stringify(entry))),
    close: () => Promise.resolve(),
  })
  return {
    cutAfter: (count) => {
      left = count
    },
    afterWrite: (count, act) => {
      awaited = { writes: writes + count + 1, act }
    },
    dead,
    writes: () => writes,
    environments: async () => [
      ...new Set([
        ...(disk.state === null ? [] : [(JSON.parse(disk.state) as RecordedState).environment]),
        ...[...disk.journals.values()].map(
          ({ header }) => (JSON.parse(header) as JournalHeader).plan.environment,
        ),
      ]),
    ],
    read: async () => (disk.state === null ? null : (JSON.parse(disk.state) as RecordedState)),
    writeIf: (expected, next) =>
      durable(() => {
        const stored = disk.state === null ? null : (JSON.parse(disk.state) as RecordedState).serial
        if (stored !== expected)
          throw new DeployError('PLAN_STALE', `serial ${String(stored)} is not ${String(expected)}`)
        disk.state = JSON.stringify(next)
      }),
    lock: async () => {
      if (disk.locked) throw new DeployError('LOCKED', 'locked')
      disk.locked = true
      return {
        id: 'lock',
        tookOver: null,
        lost: new AbortController().signal,
        release: async () => {
          disk.locked = false
        },
      }
    },
    lockHolder: async () =>
      disk.locked
        ? {
            id: 'lock',
            by: 'ada@desk',
            host: 'desk',
            pid: 1,
            operation: 'apply',
            created: '2026-01-01T00:00:00.000Z',
            heartbeat: '2026-01-01T00:00:00.000Z',
            liveness: 'alive',
          }
        : null,
    breakLock: () => Promise.reject(new Error('unused')),
    createJournal: async (header: JournalHeader) => {
      await durable(() =>
        disk.journals.set(header.deployment, { header: JSON.stringify(header), entries: [] }),
      )
      return writer(header.deployment)
    },
    reopenJournal: async (_environment, deployment) => writer(deployment),
    readJournal: async (_environment, deployment) => {
      const journal = disk.journals.get(deployment)
      if (journal === undefined) return null
      return {
        header: JSON.parse(journal.header) as JournalHeader,
        entries: journal.entries.map((entry) => JSON.parse(entry) as JournalEntry),
      }
    },
    unfinished: async () => unfinished(),
    appendHistory: (record) => durable(() => disk.history.push(JSON.stringify(record))),
    readHistory: async (_environment, limit) =>
      disk.history
        .map((line) => JSON.parse(line) as HistoryRecord)
        .toReversed()
        .slice(0, limit),
    leaveMark: async (_environment, mark) => {
      const earlier = disk.marks.get(markName(mark))
      if (earlier !== undefined) return JSON.parse(earlier) as Mark
      disk.marks.set(markName(mark), JSON.stringify(mark))
      return null
    },
    readMarks: async () => {
      if (left <= 0) return never
      const said = [...disk.marks.values()].map((mark) => JSON.parse(mark) as Mark)
      return disk.approves ? [...said, ...approvals()] : said
    },
    removeMark: async (_environment, mark) => void disk.marks.delete(markName(mark)),
    planKey: async () => new Uint8Array(32),
  }
}
