/** The smallest whole documents of each kind that a state store keeps. */
import type { HistoryRecord } from '../../src/model/history.js'
import type { JournalHeader, OutcomeKind } from '../../src/model/journal.js'
import type { Plan } from '../../src/model/plan.js'
import type { RecordedState } from '../../src/model/state.js'

export function recordedState(
  serial: number,
  about: { readonly by?: string; readonly environment?: string } = {},
): RecordedState {
  return {
    format: 1,
    lineage: '0123456789abcdef',
    serial,
    project: 'shop',
    environment: about.environment ?? 'staging',
    written: { at: `2026-01-0${serial}T12:00:00.000Z`, by: about.by ?? 'ann', cause: `deployment ${serial}` },
    services: {},
    orphanHolds: {},
  }
}

const plan: Plan = {
  format: 1,
  id: 'sha256:0',
  project: 'shop',
  environment: 'staging',
  command: 'apply',
  basis: { lineage: '', serial: 0, configDigest: 'sha256:1', observedDigest: 'sha256:2' },
  changes: [],
  drift: [],
  notices: [],
  steps: [],
  afterUnwind: [],
  onFailure: [],
  instances: {},
  specs: {},
  sources: {},
  outcome: {},
  parallelism: 4,
  fate: {},
  renamed: {},
}

export function journalHeader(deployment: string, at = '2026-01-01T00:00:00.000Z'): JournalHeader {
  return { type: 'deployctl-journal', format: 1, deployment, at, by: 'ann', host: 'here', pid: 1, plan }
}

export function historyRecord(deployment: string, outcome: OutcomeKind = 'applied'): HistoryRecord {
  return {
    type: 'deployctl-deployment',
    format: 1,
    deployment,
    project: 'shop',
    environment: 'staging',
    command: 'apply',
    by: 'ann',
    host: 'here',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:09.000Z',
    planId: 'sha256:0',
    serial: 1,
    outcome,
    services: [],
    failures: [],
    warnings: [],
    leftovers: [],
    stuck: [],
    unhealthy: [],
    durationMs: 9000,
    unwindMs: 0,
  }
}
