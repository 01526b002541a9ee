/** A running agent as data, for whoever shows or serves one: a deployment under way, a failure, an outage, odd texts. */
import type { LogLine, RunningAgent } from '../../src/model/agent.js'

export const nasty = '<img src=x onerror="document.title=\'owned\'"> & "quotes"'

const at = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000).toISOString()
const seen = (drift: readonly string[]) => ({
  host: 'local',
  serving: '1',
  staged: [],
  notices: [],
  drift: drift.map((message) => ({ message })),
})
const onHost = (version: string | null, observation: object | null) => ({
  host: 'local',
  version,
  behind: null,
  observation,
  problem: null,
})
const service = (name: string, version: string | null, more: object = {}) => ({
  service: name,
  configured: true,
  version,
  digest: 'sha256:1',
  since: version === null ? null : at(180),
  deployment: '7f3a9c01',
  pin: null,
  holds: [],
  hosts: [onHost(version, version === null ? null : seen([]))],
  ...more,
})
const past = (deployment: string, minutesAgo: number, outcome: string, more: object = {}) => ({
  deployment,
  command: 'apply',
  by: 'agent@app-1',
  endedAt: at(minutesAgo),
  durationMs: 8420,
  outcome,
  services: [{ service: 'web', kind: 'update', before: '1.4.1', after: '1.4.2', outcome }],
  failures: [],
  stuck: [],
  ...more,
})

export const shownReport = {
  agent: {
    pid: 4711,
    startedAt: at(600),
    version: '0.1.0',
    mode: 'auto',
    pause: null,
    lastPollAt: at(0),
    nextPollAt: at(0),
    outages: [{ source: 'images', since: at(12), message: 'registry.shop.test: connection refused' }],
    decisions: [
      { at: at(1), service: 'api', verdict: 'skip', version: '2.0.0', digest: null, reason: nasty },
    ],
    running: {
      deployment: '88acdfec',
      since: at(0),
      services: ['web'],
      steps: [
        { id: '1', title: 'stage web v1.5.0', service: 'web', status: 'done', progress: null },
        { id: '2', title: 'switch web: v1.4.2 → v1.5.0', service: 'web', status: 'running', progress: null },
        { id: '3', title: 'check web v1.5.0: ready', service: 'web', status: 'waiting', progress: null },
      ],
    },
    undelivered: 2,
    waves: { host: 'app-1', isCanary: true },
  },
  status: {
    project: 'shop',
    environment: 'production',
    serial: 12,
    services: [
      service('web', '1.4.2'),
      service('api', '2.0.0', {
        pin: { version: '2.0.0', digest: '', reason: 'launch week', at: at(900), by: 'ada@desk' },
        hosts: [onHost('2.0.0', seen(['the link `current` leads to 1.9.0']))],
      }),
      service('worker', null, {
        holds: [{ version: '0.9.0', reason: 'the check "ready" failed: answered 500', at: at(60) }],
      }),
    ],
    lock: null,
    unfinished: [],
    waiting: [{ deployment: '88acdfec', step: 'web/pause', title: 'pause web v1.5.0 until it is approved' }],
    approvals: [
      { service: 'api', version: '2.1.0', digest: null, since: at(25), reason: 'newest', approvedBy: null },
      {
        service: 'worker',
        version: '1.0.0',
        digest: null,
        since: at(40),
        reason: 'newest',
        approvedBy: 'ada@desk',
      },
    ],
    freeze: { reason: 'sale week', at: at(100), by: 'ada@desk', until: null },
    last: null,
  },
  history: [
    past('7f3a9c01', 180, 'applied'),
    past('5b1e44d0', 240, 'unwound', {
      failures: [
        {
          step: 'check web',
          service: 'web',
          error: {
            code: 'CHECK_FAILED',
            message: 'the check "ready" failed: GET http://127.0.0.1:8080/health answered 500',
            details: ['FATAL could not reach db:5432', nasty],
            hint: 'deployctl show 5b1e44d0',
          },
        },
      ],
    }),
  ],
}

export interface ShownAgent extends RunningAgent {
  readonly said: string[]
  tell(line: LogLine | null): void
  readonly listening: () => number
}

export function shownAgent(report: () => object = () => shownReport): ShownAgent {
  const listeners = new Set<(line: LogLine | null) => void>()
  const said: string[] = []
  return {
    said,
    tell: (line) => listeners.forEach((listener) => listener(line)),
    listening: () => listeners.size,
    snapshot: () => shownReport.agent as unknown as ReturnType<RunningAgent['snapshot']>,
    report: () => Promise.resolve(report()),
    metrics: () => Promise.resolve('deployctl_paused 0\n'),
    logs: () => [
      { time: at(3), level: 'info', msg: 'web v1.5.0 is to be deployed', service: 'web', release: '1.5.0' },
      { time: at(2), level: 'warn', msg: 'source "images" cannot be asked, and what runs goes on' },
      { time: at(1), level: 'error', msg: nasty, service: 'api' },
    ],
    follow(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    check: () => void said.push('check'),
    pause: async ({ by, reason }) => void said.push(`pause ${by}: ${reason}`),
    resume: async () => void said.push('resume'),
    approve: async ({ what, by }) => {
      said.push(`approve ${what} ${by}`)
      return { approved: [] }
    },
    reload: () => void said.push('reload'),
    isAlive: () => true,
  }
}
