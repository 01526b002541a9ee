/** Transcripts of the commands that only look: status, history, show, releases, recover, and what goes wrong before. */
import type { RecordedState } from '../../src/model/state.js'
import { describe, expect, test } from 'vitest'
import { DeployError } from '../../src/base/deploy-error.js'
import type {
  HostStatus,
  CacheRow,
  DeploymentStory,
  ReleasesReport,
  StatusReport,
} from '../../src/app/requests.js'
import { textWidth } from '../../src/cli/view/text-width.js'
import type { ConfigProblem } from '../../src/model/config-problem.js'
import type { HistoryRecord } from '../../src/model/history.js'
import type { JournalFile } from '../../src/model/journal.js'
import type { Outcome } from '../../src/model/outcome.js'
import type { LockHolder } from '../../src/model/state-store.js'
import { cli, deployment, deploys, story, type CliRun, type CliSetting } from './support/cli.js'
import { checkFailure, outcome, plan, upgrade } from './support/plans.js'

const hold = {
  version: '1.0.2',
  digest: 'sha256:2',
  cause: 'failed',
  reason: 'the check "ready" failed',
  at: '2026-03-01T10:00:00.000Z',
  by: 'ann@ci',
  deployment,
} as const
const emptyState: RecordedState = {
  format: 1,
  lineage: 'a1',
  serial: 13,
  project: 'shop',
  environment: 'staging',
  written: { at: '2026-03-01T12:00:00Z', by: 'ada@desk', cause: 'forget web3' },
  services: {},
  orphanHolds: {},
}
const holder: LockHolder = {
  id: '5f0c21aa',
  by: 'ann@ci',
  host: 'ci',
  pid: 4711,
  operation: 'apply',
  created: '2026-03-01T11:58:00.000Z',
  heartbeat: '2026-03-01T11:59:59.000Z',
  liveness: 'alive',
}

const limits = { maxBytes: 5 * 2 ** 30, maxAgeMs: 30 * 86_400_000 }
const lying: readonly CacheRow[] = [
  {
    kind: 'archive',
    id: 'artifacts/sha256-1',
    digest: `sha256:${'1'.repeat(64)}`,
    bytes: 84_000_000,
    name: 'web-1.0.1.tgz',
    source: 'web',
    version: '1.0.1',
    usedAt: '2026-03-01T11:00:00.000Z',
    neededBy: ['staging: web v1.0.1', 'production: web v1.0.1'],
  },
  {
    kind: 'checkout',
    id: 'git/abc-1',
    digest: `sha1:${'abcd'.repeat(10)}`,
    bytes: 2_100_000,
    name: 'abcdabcd',
    source: '',
    version: '',
    usedAt: '2026-02-20T11:00:00.000Z',
    neededBy: [],
  },
  {
    kind: 'beginning',
    id: 'http/0123456789abcdef',
    digest: null,
    bytes: 812,
    name: '',
    source: '',
    version: '',
    usedAt: '2025-11-20T11:00:00.000Z',
    neededBy: [],
  },
]

const record: HistoryRecord = {
  type: 'deployctl-deployment',
  format: 1,
  deployment,
  project: 'shop',
  environment: 'staging',
  command: 'apply',
  by: 'ann@ci',
  host: 'ci',
  startedAt: '2026-03-01T10:00:00.000Z',
  endedAt: '2026-03-01T10:00:04.200Z',
  planId: 'sha256:0',
  serial: 12,
  outcome: 'unwound',
  services: [
    { service: 'web', kind: 'update', before: '1.0.0', after: '1.0.1', outcome: 'unwound' },
    { service: 'docs', kind: 'create', before: null, after: '1.0.1', outcome: 'unwound' },
    { service: 'api', kind: 'none', before: '1.4.2', after: '1.4.2', outcome: 'applied' },
  ],
  failures: [checkFailure('web/4')],
  warnings: [
    {
      step: 'web/5',
      service: 'web',
      error: { code: 'PERMISSION_DENIED', message: 'releases/0.9.0 cannot be removed' },
    },
  ],
  leftovers: [{ step: 'hook mail: bin/mail', reason: 'mails cannot be taken back' }],
  stuck: [],
  unhealthy: [],
  durationMs: 4200,
  unwindMs: 800,
}

const journal: JournalFile = {
  header: {
    type: 'deployctl-journal',
    format: 1,
    deployment,
    at: record.startedAt,
    by: 'ann@ci',
    host: 'ci',
    pid: 4711,
    plan: upgrade(),
  },
  entries: [
    { type: 'step', step: 'web/1', event: 'apply-started', at: record.startedAt },
    { type: 'step', step: 'web/1', event: 'apply-succeeded', at: record.startedAt, durationMs: 1200 },
    { type: 'step', step: 'web/2', event: 'apply-started', at: record.startedAt },
  ],
}

/** The check failed; all was undone. */
const failedJournal: JournalFile = {
  header: journal.header,
  entries: [1, 2, 3, 4]
    .map((step): JournalFile['entries'] => [
      { type: 'step', step: `web/${step}`, event: 'apply-started', at: record.startedAt },
      step === 4
        ? {
            type: 'step',
            step: 'web/4',
            event: 'apply-failed',
            at: record.startedAt,
            durationMs: 900,
            error: { code: 'CHECK_FAILED', message: 'the check "ready" failed' },
          }
        : {
            type: 'step',
            step: `web/${step}`,
            event: 'apply-succeeded',
            at: record.startedAt,
            durationMs: 100 * step,
          },
    ])
    .concat(
      [4, 3, 2, 1].map((step): JournalFile['entries'] => [
        { type: 'step', step: `web/${step}`, event: 'revert-started', at: record.startedAt },
        {
          type: 'step',
          step: `web/${step}`,
          event: 'revert-succeeded',
          at: record.startedAt,
          durationMs: 10 * step,
        },
      ]),
    )
    .flat(),
}

const service = (
  name: string,
  more: Partial<StatusReport['services'][number]> = {},
): StatusReport['services'][number] => ({
  service: name,
  configured: true,
  version: '1.0.1',
  digest: 'sha256:1',
  since: '2026-03-01T10:00:00.000Z',
  deployment,
  pin: null,
  holds: [],
  hosts: [onHost()],
  ...more,
})

const onHost = (more: Partial<HostStatus> = {}): HostStatus => ({
  host: 'local',
  version: '1.0.1',
  behind: null,
  observation: { host: 'local', serving: '1.0.1-0a1b2c3d', staged: [], drift: [], notices: [] },
  problem: null,
  ...more,
})

const status = (more: Partial<StatusReport> = {}): StatusReport => ({
  project: 'shop',
  environment: 'staging',
  serial: 12,
  waiting: [],
  approvals: [],
  freeze: null,
  services: [
    service('web', {
      pin: {
        version: '1.0.1',
        digest: 'sha256:1',
        reason: 'launch week',
        at: '2026-02-27T12:00:00.000Z',
        by: 'ann@ci',
      },
      holds: [hold],
    }),
    service('api', {
      hosts: [
        onHost({
          observation: {
            host: 'local',
            serving: '1.0.2-0a1b2c3d',
            staged: [],
            drift: [
              {
                service: 'api',
                host: 'local',
                kind: 'linkMoved',
                message: 'current points to releases/1.0.2-0a1b2c3d, recorded is releases/1.0.1-9f2c41ab',
                evidence: [],
              },
            ],
            notices: ['releases/lost+found is not ours'],
          },
        }),
      ],
    }),
    service('docs', {
      version: null,
      digest: null,
      since: null,
      hosts: [onHost({ version: null, observation: null })],
    }),
    service('old', { configured: false }),
    service('far', {
      hosts: [
        onHost({
          observation: null,
          problem: { code: 'PERMISSION_DENIED', message: '/srv/far cannot be read' },
        }),
      ],
    }),
  ],
  lock: null,
  unfinished: [],
  last: record,
  ...more,
})

const releases: ReleasesReport = {
  rows: [
    {
      service: 'web',
      version: '1.0.2',
      digest: 'sha256:2',
      status: 'available',
      held: hold,
      pinned: false,
      onTarget: false,
      deployedAt: null,
      publishedAt: '2026-03-01T09:00:00.000Z',
    },
    {
      service: 'web',
      version: '1.0.1',
      digest: 'sha256:1',
      status: 'active',
      held: null,
      pinned: true,
      onTarget: true,
      deployedAt: '2026-03-01T10:00:00.000Z',
      publishedAt: '2026-02-01T09:00:00.000Z',
    },
    {
      service: 'web',
      version: '1.0.0',
      digest: 'sha256:0',
      status: 'previous',
      held: null,
      pinned: false,
      onTarget: true,
      deployedAt: '2025-06-01T10:00:00.000Z',
      publishedAt: null,
    },
  ],
  problems: [
    {
      service: 'api',
      error: {
        code: 'SOURCE_UNREACHABLE',
        message: 'registry.test does not answer',
        hint: 'is the network up?',
      },
    },
  ],
}

const problem: ConfigProblem = {
  file: 'deploy.yaml',
  line: 4,
  column: 3,
  message: 'unknown key "sorce" in services.web',
  hint: 'did you mean "source"?',
  frame: ['3 | services:', '4 |   sorce: web', '  |   ^^^^^'],
}

const found =
  (useCases: CliSetting['useCases'], argv: readonly string[], more: CliSetting = {}) =>
  (): Promise<CliRun> =>
    cli(argv, { useCases: useCases ?? {}, ...more })
const shows = (one: StatusReport, told: DeploymentStory) => ({
  showStatus: () => Promise.resolve(one),
  showDeployment: () => Promise.resolve(told),
})
const interrupted = shows(status({ unfinished: [deployment], lock: { ...holder, liveness: 'dead' } }), {
  record: null,
  journal,
})
/** A canary of web was interrupted; undoing it ends like this, and the new deployment well. */
const overACanary = (undone: Outcome): NonNullable<CliSetting['useCases']> => ({
  ...interrupted,
  unfinishedCanary: () =>
    Promise.resolve({ deployment, services: ['web'], by: 'ann@ci', at: '2026-03-01T11:00:00.000Z' }),
  recover: deploys(upgrade(), undone, story(upgrade(), [])),
  deploy: deploys(upgrade(), outcome({ services: { web: 'applied' } }), story(upgrade(), [])),
})

const marked = {
  deployment,
  mark: {
    kind: 'abort',
    deployment,
    by: 'bob@desk',
    at: '2026-03-01T11:59:00.000Z',
    reason: 'checkout is slow',
  },
  isFirst: true,
  heard: 'heard',
} as const
const foundChange = {
  version: '1.1.0',
  digest: 'sha256:2',
  since: '2026-03-01T11:50:00.000Z',
  reason: 'v1.1.0 is the newest release that matches ^1.0',
}
const pausing = {
  ...upgrade().steps[0]!,
  id: 'web/pause',
  title: 'pause web v1.1.0 (1, 2) until it is approved, at most 1h',
}

const scenes: { readonly [name: string]: readonly [run: () => Promise<CliRun>, exit: number] } = {
  status: [found(shows(status(), { record, journal }), ['status']), 0],
  'status-locked': [
    found(
      shows(status({ services: [], lock: holder, unfinished: [deployment], last: null }), {
        record,
        journal,
      }),
      ['status'],
    ),
    0,
  ],
  'status-waiting': [
    found(
      shows(
        status({
          services: [],
          lock: holder,
          unfinished: [deployment],
          waiting: [
            {
              deployment,
              step: 'web/pause',
              title: 'pause web v1.1.0 (1, 2) until it is approved, at most 1h',
            },
          ],
          last: null,
        }),
        { record, journal },
      ),
      ['status', '--env', 'staging'],
    ),
    0,
  ],
  approve: [
    found({ approve: () => Promise.resolve({ kind: 'step', ...marked, step: pausing }) }, ['approve']),
    0,
  ],
  'approve-said-before': [
    found(
      {
        approve: () =>
          Promise.resolve({ kind: 'step', ...marked, isFirst: false, heard: 'not yet', step: pausing }),
      },
      ['approve', '--env', 'staging'],
    ),
    0,
  ],
  'status-approvals': [
    found(
      shows(
        status({
          services: [],
          approvals: [
            { ...foundChange, service: 'api', approvedBy: 'bob@desk' },
            { ...foundChange, service: 'web', approvedBy: null },
          ],
          last: null,
        }),
        { record, journal },
      ),
      ['status', '--env', 'staging'],
    ),
    0,
  ],
  'approve-change': [
    found(
      {
        approve: () =>
          Promise.resolve({
            kind: 'changes',
            changes: [
              { ...foundChange, service: 'web', by: 'ann@ci', at: foundChange.since, isFirst: true },
              { ...foundChange, service: 'api', by: 'bob@desk', at: foundChange.since, isFirst: false },
            ],
          }),
      },
      ['approve', 'sha256:2', '--env', 'staging'],
    ),
    0,
  ],
  abort: [found({ abort: () => Promise.resolve(marked) }, ['abort', '--reason', 'checkout is slow']), 0],
  'abort-too-late': [found({ abort: () => Promise.resolve({ ...marked, heard: 'ended' }) }, ['abort']), 1],
  'apply-over-a-canary': [
    found(overACanary(outcome({ kind: 'unwound', services: { web: 'unwound' }, unwindMs: 700 })), [
      'apply',
      '--auto-approve',
      '--quiet',
    ]),
    0,
  ],
  'apply-over-a-canary-unasked': [
    found(
      {
        ...interrupted,
        unfinishedCanary: () =>
          Promise.resolve({ deployment, services: ['web'], by: 'ann@ci', at: '2026-03-01T11:00:00.000Z' }),
      },
      ['apply'],
    ),
    7,
  ],
  'status-interrupted': [found(interrupted, ['status', '--env', 'staging']), 0],
  history: [
    found(
      {
        showHistory: () =>
          Promise.resolve([
            record,
            {
              ...record,
              deployment: '00aa11bb',
              command: 'rollback',
              outcome: 'applied',
              endedAt: '2025-01-01T00:00:00.000Z',
              services: record.services.slice(0, 1),
            },
          ]),
      },
      ['history'],
    ),
    0,
  ],
  'history-empty': [found({ showHistory: () => Promise.resolve([]) }, ['history']), 0],
  show: [found(shows(status(), { record, journal }), ['show', deployment]), 0],
  'show-failed': [found(shows(status(), { record, journal: failedJournal }), ['show', deployment]), 0],
  'show-unfinished': [found(shows(status(), { record: null, journal }), ['show', deployment]), 0],
  releases: [found({ listReleases: () => Promise.resolve(releases) }, ['releases']), 0],
  recover: [found(interrupted, ['recover']), 6],
  'recover-under-way': [
    found(shows(status({ unfinished: [deployment], lock: holder }), { record: null, journal }), ['recover']),
    4,
  ],
  'recover-nothing': [found(shows(status(), { record: null, journal: null }), ['recover', '--unwind']), 0],
  'recover-unwind': [
    found(
      {
        ...interrupted,
        recover: deploys(
          upgrade(),
          outcome({
            kind: 'unwound',
            services: { web: 'unwound', docs: 'unwound' },
            unwindMs: 700,
            failures: [
              {
                step: null,
                service: null,
                error: { code: 'CANCELLED', message: 'the deployment was interrupted' },
              },
            ],
          }),
          story(upgrade(), [
            [2, 'revert-started'],
            [2, 'revert-succeeded'],
            [1, 'revert-started'],
            [1, 'revert-succeeded'],
          ]),
        ),
      },
      ['recover', '--unwind'],
    ),
    0,
  ],
  'recover-resume': [
    found(
      {
        ...interrupted,
        recover: deploys(
          upgrade(),
          outcome({ services: { web: 'applied', docs: 'applied' } }),
          story(upgrade(), [
            [2, 'apply-started'],
            [2, 'apply-succeeded'],
          ]),
        ),
      },
      ['recover', '--resume'],
    ),
    0,
  ],
  'cache-list': [found({ listCache: () => Promise.resolve({ rows: lying, limits }) }, ['cache', 'list']), 0],
  'cache-empty': [found({ listCache: () => Promise.resolve({ rows: [], limits }) }, ['cache', 'list']), 0],
  'cache-prune': [
    found({ pruneCache: () => Promise.resolve({ removed: lying.slice(1), kept: lying.slice(0, 1) }) }, [
      'cache',
      'prune',
    ]),
    0,
  ],
  'cache-verify': [
    found(
      {
        verifyCache: (onChecked) => {
          for (const [index, entry] of lying.entries()) onChecked(entry, index !== 1)
          return Promise.resolve()
        },
      },
      ['cache', 'verify'],
    ),
    1,
  ],
  unlock: [
    found({ unlock: () => Promise.resolve({ lock: holder, claims: [], problems: [] }) }, [
      'unlock',
      '5f0c21aa',
    ]),
    0,
  ],
  forget: [
    found(
      {
        recordOfHost: (host) =>
          Promise.resolve({
            host,
            services: [
              { service: 'api', version: '1.4.2', isLast: false },
              { service: 'docs', version: '1.0.0', isLast: true },
            ],
          }),
        forgetHost: () => Promise.resolve(emptyState),
      },
      ['forget', 'web3', '--auto-approve'],
    ),
    0,
  ],
  'unlock-claims': [
    found(
      {
        unlock: () =>
          Promise.resolve({
            lock: null,
            claims: [
              {
                service: 'web',
                host: 'web1',
                by: 'bob@laptop',
                from: 'laptop',
                since: '2026-03-01T10:00:00Z',
              },
            ],
            problems: [
              { service: 'web', host: 'web2', error: { code: 'HOST_UNREACHABLE', message: 'it is down' } },
            ],
          }),
      },
      ['unlock', '7f3a9c01'],
    ),
    1,
  ],
  'validate-problems': [
    found({}, ['validate'], {
      check: {
        environment: 'staging',
        problems: [problem, { ...problem, line: 9 }],
        warnings: [],
        merged: null,
      },
    }),
    3,
  ],
  'validate-warnings': [
    found({}, ['validate'], {
      check: { environment: 'staging', problems: [], warnings: [problem], merged: {} },
    }),
    0,
  ],
  'validate-merged': [
    found({}, ['validate', '--show-merged'], {
      check: { environment: 'staging', problems: [], warnings: [], merged: { project: 'shop' } },
    }),
    0,
  ],
  'plan-out-of-reach': [
    found(
      {
        planRelease: () =>
          Promise.reject(
            new DeployError('SOURCE_UNREACHABLE', 'registry.test does not answer', {
              details: ['ECONNREFUSED 127.0.0.1:4873'],
              hint: 'is the network up?',
            }),
          ),
      },
      ['plan'],
    ),
    1,
  ],
  'plan-bug': [
    found({ planRelease: () => Promise.reject(new TypeError('x is not a function')) }, ['plan']),
    1,
  ],
  'plan-pending': [
    found({ planRelease: () => Promise.resolve(plan({ services: [{ service: 'web', to: '1.0.0' }] })) }, [
      'plan',
      '--detailed-exitcode',
    ]),
    2,
  ],
}

describe('in a pipe, 80 columns', () => {
  for (const [name, [run, exit]] of Object.entries(scenes)) {
    test(name, async () => {
      const { code, out, err } = await run()
      await expect(`${out}\n--- standard error\n${err}`).toMatchFileSnapshot(`../golden/reports/${name}.txt`)
      expect(code).toBe(exit)
      for (const line of `${out}\n${err}`.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(80)
    })
  }
})

test('a bug shows its stack only when asked to', async () => {
  const useCases = { planRelease: () => Promise.reject(new TypeError('x is not a function')) }
  expect((await cli(['plan'], { useCases })).err).not.toContain('    at ')
  expect((await cli(['plan'], { useCases, env: { DEPLOYCTL_DEBUG: '1' } })).err).toContain('at ')
})

test.each([
  ['undone whole', { kind: 'unwound', services: { web: 'unwound' } }, ['canary-undone', 'result'], 0],
  ['not undone', { kind: 'stuck', services: { web: 'stuck' } }, ['result'], 6],
] as const)('a command has one result in JSON: a canary %s', async (_, end, ends, exit) => {
  const useCases = overACanary(outcome(end))
  const { code, records } = await cli(['apply', '--auto-approve', '--json'], { useCases })
  const told = records().filter(({ type }) => type === 'canary-undone' || type === 'result')
  expect(told.map(({ type }) => type)).toEqual(ends)
  expect([code, told.at(-1)?.['exitCode']]).toEqual([exit, exit])
})

test('what is followed ends well when it is told to, however far it has come; what is only read does not', async () => {
  const signal = AbortSignal.abort(new DeployError('CANCELLED', 'interrupted by SIGTERM'))
  const useCases = { showLogs: () => Promise.reject(new DeployError('CANCELLED', 'interrupted by SIGTERM')) }
  expect((await cli(['logs', 'web', '--follow'], { useCases, signal })).code).toBe(0)
  expect((await cli(['logs', 'web'], { useCases, signal })).code).toBe(1)
})

test('recover on a terminal asks which way', async () => {
  const { code, out } = await cli(['recover'], { useCases: interrupted, typed: 'neither\n' })
  expect(code).toBe(7)
  expect(out).toContain('resume, unwind or neither?')
})

test('absolute times are in the JSON', async () => {
  const { records } = await cli(['status', '--json'], { useCases: interrupted })
  expect(records()[1]).toMatchObject({
    type: 'status',
    last: { endedAt: record.endedAt },
    lock: { created: holder.created },
  })
})
