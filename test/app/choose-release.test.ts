/** How little a source is asked, and what is said when several things stand in the way at once. */
import { describe, expect, test } from 'vitest'
import { pickVersion } from '../../src/model/version.js'
import { chooseRelease, type ChoiceRequest } from '../../src/app/choose-release.js'
import { DeployError } from '../../src/base/deploy-error.js'
import type { VersionPolicy } from '../../src/model/config.js'
import type { Release, VersionListing } from '../../src/model/release.js'
import type { Hold, RecordedState } from '../../src/model/state.js'
import { service } from '../support/memory-world.js'
import { policyOf } from '../support/version-policy.js'

const now = new Date('2026-03-01T12:00:00Z')
const never = new AbortController().signal

const release = (version: string): Release => ({
  source: 'main',
  version,
  digest: `sha256:${version}`,
  artifact: { kind: 'folder', name: version, location: version },
})

const hold = (version: string): Hold => ({
  version,
  digest: `sha256:${version}`,
  cause: 'failed',
  reason: 'it was sick',
  at: '2026-02-01T00:00:00Z',
  by: 'ada',
  deployment: '1',
})

/** The state in which a version runs and others are held. */
function stateOf(running: string | null, holds: readonly Hold[] = []): RecordedState {
  const deployed = (version: string) => ({
    release: release(version),
    spec: { target: { type: 'running' }, checks: [] },
    instances: [],
    at: '2026-02-01T00:00:00Z',
    deployment: '1',
  })
  return {
    format: 1,
    lineage: 'a',
    serial: 1,
    project: 'shop',
    environment: 'staging',
    written: { at: '2026-02-01T00:00:00Z', by: 'ada', cause: '1' },
    services: running === null ? {} : { web: { active: deployed(running), previous: [], holds, pin: null } },
    orphanHolds: running === null ? { web: holds } : {},
  }
}

interface Case {
  readonly offered: readonly (VersionListing & { readonly isMissing?: true })[]
  readonly policy?: Partial<VersionPolicy>
  readonly state?: RecordedState | null
  readonly retryHeld?: boolean
  /** Times of publication that a version has when it is looked at by itself. */
  readonly times?: { readonly [version: string]: string }
}

async function choose({ offered, policy = {}, state = null, retryHeld = false, times = {} }: Case) {
  const asked: string[] = []
  const request: ChoiceRequest = {
    service: service('web', { policy: policyOf(policy) }),
    state,
    mayTryAgain: () => retryHeld,
    stays: false,
    pickVersion,
    now,
    signal: never,
    source: {
      versions: async () => offered,
      resolve: async (version) => {
        asked.push(version)
        if (offered.some((one) => one.version === version && one.isMissing === true))
          throw new DeployError('ARTIFACT_MISSING', `no file for ${version}`)
        const publishedAt = times[version]
        return { ...release(version), ...(publishedAt === undefined ? {} : { publishedAt }) }
      },
      fetch: () => Promise.reject(new Error('unused')),
    },
  }
  const choice = await chooseRelease(request)
  return { version: choice.release.version, notices: choice.notices.map(({ message }) => message), asked }
}

const fresh = { publishedAt: '2026-03-01T11:50:00Z' }

test('only what may be taken is resolved, from the best down', async () => {
  const offered = ['1.0.0', '1.1.0', '1.2.0', '2.0.0-rc.1'].map((version) => ({ version }))
  const policy = { deny: ['1.2.0'] }
  expect(await choose({ offered, policy })).toEqual({ version: '1.1.0', notices: [], asked: ['1.1.0'] })
})

test('a version that waits for its artifact and one that is held are both told, and the next is taken', async () => {
  const offered = [
    { version: '1.0.0' },
    { version: '1.1.0' },
    { version: '1.2.0', ...fresh, isMissing: true as const },
  ]
  const state = stateOf('1.0.0', [hold('1.1.0')])
  const { version, notices, asked } = await choose({ offered, state })
  expect(version).toBe('1.0.0')
  expect(asked).toEqual(['1.2.0', '1.1.0', '1.0.0'])
  expect(notices).toEqual([
    'web v1.1.0 is held and passed over (it failed: it was sick)',
    expect.stringContaining('web v1.2.0 is passed over: its artifact is not there yet') as string,
  ])
  expect((await choose({ offered, state, retryHeld: true })).version).toBe('1.1.0')
})

test('what runs stays when all that is newer waits or is held, even if it does not match any more', async () => {
  const offered = [{ version: '2.0.0' }, { version: '2.1.0', ...fresh, isMissing: true as const }]
  const state = stateOf('1.0.0', [hold('2.0.0')])
  expect(await choose({ offered, policy: { version: '^2' }, state })).toMatchObject({ version: '1.0.0' })
})

test('without anything that runs, the missing artifact is the error, and else the hold', async () => {
  const waiting = { version: '2.1.0', ...fresh, isMissing: true as const }
  const state = stateOf(null, [hold('2.0.0')])
  await expect(choose({ offered: [{ version: '2.0.0' }, waiting], state })).rejects.toThrow(
    'no file for 2.1.0',
  )
  await expect(choose({ offered: [{ version: '2.0.0' }], state })).rejects.toMatchObject({
    code: 'RELEASE_HELD',
  })
})

test('a release that its source no longer lists goes on, without being asked for', async () => {
  expect(await choose({ offered: [{ version: '0.9.0' }], state: stateOf('1.0.0') })).toEqual({
    version: '1.0.0',
    notices: [],
    asked: [],
  })
})

test('of a source without any release it is said that it needs one', async () => {
  await expect(choose({ offered: [] })).rejects.toMatchObject({
    code: 'VERSION_NOT_FOUND',
    details: ['it offers no versions at all'],
    hint: 'publish a release to source "main"',
  })
})

test('other failures of a source are passed on', async () => {
  const offered = [{ version: '1.0.0' }]
  const source = {
    versions: async () => offered,
    resolve: () => Promise.reject(new DeployError('SOURCE_UNREACHABLE', 'it is down')),
    fetch: () => Promise.reject(new Error('unused')),
  }
  const request = {
    service: service('web'),
    state: null,
    mayTryAgain: () => false,
    stays: false,
    pickVersion,
    now,
    signal: never,
    source,
  }
  await expect(chooseRelease(request)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
})

test('what a source says of the version that is taken is told, and of no other', async () => {
  const offered = [
    { version: '1.0.0', notice: 'it is old' },
    { version: '1.1.0', notice: 'its publisher deprecated it' },
  ]
  expect((await choose({ offered })).notices).toEqual(['web v1.1.0: its publisher deprecated it'])
})

describe('times of publication that are not in the list', () => {
  const offered = ['1.0.0', '1.1.0', '1.2.0', '1.3.0'].map((version) => ({ version }))
  const times = {
    '1.3.0': '2026-03-01T11:30:00Z',
    '1.2.0': '2026-03-01T11:00:00Z',
    '1.1.0': '2026-02-01T00:00:00Z',
  }
  const policy = { minAgeMs: 7_200_000 }

  test('are looked up from the newest down to the first that is old enough', async () => {
    const { version, asked, notices } = await choose({ offered, policy, times })
    expect(version).toBe('1.1.0')
    expect(new Set(asked)).toEqual(new Set(['1.3.0', '1.2.0', '1.1.0']))
    expect(notices).toEqual([expect.stringMatching(/^web v1\.3\.0 is passed over: .* 1 more waits as well$/)])
  })

  test('are not looked up without a need, nor for what runs, nor below it', async () => {
    expect((await choose({ offered, times })).asked).toEqual(['1.3.0'])
    const running = await choose({ offered, policy, times, state: stateOf('1.2.0') })
    expect(running).toMatchObject({ version: '1.2.0', asked: ['1.3.0'] })
  })

  test('that do not exist are asked for once', async () => {
    await expect(choose({ offered, policy })).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
    expect((await choose({ offered, policy, state: stateOf('1.0.0') })).asked).toEqual(['1.3.0'])
  })

  test('are not looked up without end', async () => {
    const many = Array.from({ length: 50 }, (_, patch) => ({ version: `1.0.${patch}` }))
    const young = Object.fromEntries(many.map(({ version }) => [version, '2026-03-01T11:59:00Z']))
    const state = stateOf('0.9.0')
    expect((await choose({ offered: many, policy, times: young, state })).asked).toHaveLength(20)
  })
})
