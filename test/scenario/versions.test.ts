/** Which version a service gets as time passes: what waits, what stays, what is refused, and what the plan says of it. */
import { describe, expect, test } from 'vitest'
import type { ServiceConfig, VersionPolicy } from '../../src/model/config.js'
import { planApply } from '../../src/app/plan-release.js'
import { configOf, outcomeKind, service, type Offered } from '../support/memory-world.js'
import { memoryProject, never } from '../support/memory-project.js'
import { policyOf } from '../support/version-policy.js'

const noon = '2026-03-01T12:00:00Z'
const at = (time: string) => `2026-03-01T${time}:00Z`

function configured(changes: Partial<VersionPolicy>, more: Partial<ServiceConfig> = {}) {
  const target = { type: 'switching', path: 'web', keepReleases: 5 }
  return configOf([service('web', { target, policy: policyOf(changes), ...more })])
}

/** A project where these versions were deployed one after another, by a policy of nothing but `latest`. */
async function running(...versions: readonly Offered[]) {
  const project = memoryProject(configured({}))
  project.at(noon)
  for (const [index] of versions.entries()) {
    project.offer(...versions.slice(0, index + 1))
    await project.apply()
  }
  const notices = async (): Promise<readonly string[]> => {
    const plan = await planApply(project.world(), { services: [] }, never)
    return plan.notices.map(({ message }) => message)
  }
  return { ...project, notices }
}

describe('a release that is younger than minAge', () => {
  const twoHours = { minAgeMs: 7_200_000 }
  const young = { version: '1.5.0', publishedAt: at('11:20') }

  test('is told, and what runs stays until it is old enough', async () => {
    const project = await running('1.4.0')
    project.configure(configured(twoHours))
    project.offer({ version: '1.4.0', publishedAt: at('08:00') }, young)
    expect(await project.notices()).toEqual([
      'web v1.5.0 is passed over: it is younger than minAge 2h, for 1h 20m more, until 2026-03-01T13:20:00Z',
    ])
    expect(outcomeKind(await project.apply())).toBe('nothing')
    project.at(at('13:20'))
    expect(await project.notices()).toEqual([])
    await project.apply()
    expect(project.serves('web')).toBe('1.5.0')
  })

  test('is one line, however many there are, and none for those that would not be taken anyway', async () => {
    const project = await running('1.4.0')
    project.configure(configured(twoHours))
    project.offer(
      { version: '1.4.0', publishedAt: at('08:00') },
      young,
      { version: '1.4.3', publishedAt: at('11:00') },
      { version: '1.3.9', publishedAt: at('11:50') },
    )
    expect(await project.notices()).toEqual([
      expect.stringMatching(/^web v1\.5\.0 is passed over: .*; 1 more waits as well$/),
    ])
  })

  test('does not keep an older one that is new here from being deployed', async () => {
    const project = memoryProject(configured(twoHours))
    project.at(noon)
    project.offer({ version: '1.4.0', publishedAt: at('08:00') }, young)
    const result = await project.apply()
    expect(project.serves('web')).toBe('1.4.0')
    expect(result.plan.notices[0]?.message).toContain('web v1.5.0 is passed over')
  })

  test('is told with the time that is left when there is nothing else to deploy', async () => {
    const project = memoryProject(configured({ ...twoHours, deny: ['1.3.9'] }))
    project.at(noon)
    project.offer('1.3.9', young)
    await expect(project.apply()).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
      message: 'web: source "main" does not have the newest stable version that may be deployed',
      details: [
        'v1.5.0 is younger than minAge 2h, for 1h 20m more, until 2026-03-01T13:20:00Z',
        'v1.3.9 is denied',
        'it offers v1.5.0, v1.3.9',
      ],
      hint: 'wait, or set a shorter `minAge` on the service',
    })
  })

  test('waits also when the source does not say how old it is', async () => {
    const project = await running('1.4.0')
    project.configure(configured(twoHours))
    project.offer('1.4.0', '1.5.0')
    expect(await project.notices()).toEqual([
      'web v1.5.0 is passed over: it has no publication time, which minAge 2h goes by',
    ])
    expect(outcomeKind(await project.apply())).toBe('nothing')
  })

  test('may be what runs, and then there is nothing to tell; its configuration still changes', async () => {
    const project = await running(young)
    project.configure(configured(twoHours))
    expect(await project.notices()).toEqual([])
    project.offer('1.4.0', young, '2.0.0-rc.1')
    expect(await project.notices()).toEqual([])
    project.configure(configured(twoHours, { target: { type: 'switching', path: 'other', keepReleases: 5 } }))
    expect(outcomeKind(await project.apply())).toBe('applied')
    expect(project.serves('other')).toBe('1.5.0')
  })
})

describe('what runs stays when there is only older', () => {
  test('because the range was lowered, and a word leads back', async () => {
    const project = await running('1.4.0', '2.0.0')
    project.configure(configured({ version: '^1' }))
    expect(await project.notices()).toEqual(['web stays at v2.0.0: v1.4.0 is older than what runs'])
    expect(outcomeKind(await project.apply())).toBe('nothing')
    project.configure(configured({ version: '^1', allowDowngrade: true }))
    await project.apply()
    expect(project.serves('web')).toBe('1.4.0')
  })

  test('or denied, and the plan names what stands in the way of each', async () => {
    const project = await running('1.3.9', '1.4.0')
    project.configure(configured({ deny: ['1.4.0'] }))
    expect(await project.notices()).toEqual([
      'web stays at v1.4.0: v1.4.0 is denied; v1.3.9 is older than what runs',
    ])
    project.offer('1.3.9', '1.4.0', '1.4.1')
    await project.apply()
    expect(project.serves('web')).toBe('1.4.1')
  })

  test('but nothing that matches at all is a mistake', async () => {
    const project = await running('1.4.0')
    project.configure(configured({ version: '^3' }))
    await expect(project.apply()).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
  })
})

describe('a rollback', () => {
  test('passes over what has come to be denied, and says so', async () => {
    const project = await running('1.2.0', '1.3.0', '1.4.0')
    project.configure(configured({ deny: ['1.3.x'] }))
    const result = await project.rollBack()
    expect(project.serves('web')).toBe('1.2.0')
    expect(result.plan.notices.map((notice) => notice.message)).toEqual([
      'web v1.3.0 is denied and passed over',
    ])
  })

  test('goes where it is told, denied or not, and says so', async () => {
    const project = await running('1.2.0', '1.3.0', '1.4.0')
    project.configure(configured({ deny: ['1.3.x'], minAgeMs: 3_600_000 }))
    const result = await project.rollBack('1.3.0')
    expect(project.serves('web')).toBe('1.3.0')
    expect(result.plan.notices.map((notice) => notice.message)).toEqual([
      'web v1.3.0 is denied by deploy.yaml, and was asked for all the same',
    ])
  })

  test('is refused when every earlier release is denied', async () => {
    const project = await running('1.3.0', '1.4.0')
    project.configure(configured({ deny: ['<1.4'] }))
    await expect(project.rollBack()).rejects.toMatchObject({
      code: 'RELEASE_UNKNOWN',
      details: [expect.any(String), 'v1.3.0 is denied by deploy.yaml'],
    })
  })
})

describe('a release whose artifact is not there yet', () => {
  const announced = { version: '1.5.0', publishedAt: at('11:45'), isMissing: true } as const

  test('is passed over until it comes, and what runs stays', async () => {
    const project = await running('1.4.0')
    project.offer('1.4.0', announced)
    expect(await project.notices()).toEqual([
      'web v1.5.0 is passed over: its artifact is not there yet, and has 15m more to come, until 2026-03-01T12:15:00Z',
    ])
    expect(outcomeKind(await project.apply())).toBe('nothing')
    project.offer('1.4.0', { version: '1.5.0', publishedAt: at('11:45') })
    await project.apply()
    expect(project.serves('web')).toBe('1.5.0')
  })

  test('gives way to the next best, which may be new itself', async () => {
    const project = await running('1.3.0')
    project.offer('1.3.0', '1.4.0', announced)
    await project.apply()
    expect(project.serves('web')).toBe('1.4.0')
  })

  test('is an error when its time is up, with what to do; a pin, or a word in deny, goes on without it', async () => {
    const project = await running('1.4.0')
    project.offer('1.4.0', announced)
    project.at(at('12:15'))
    await expect(project.apply()).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
      message: 'web v1.5.0 was published 30m ago, and its artifact is still not there',
      details: [
        'no file for 1.5.0',
        'published 2026-03-01T11:45:00Z; its grace period of 30m ended 2026-03-01T12:15:00Z',
      ],
      hint: expect.stringContaining('add "1.5.0" to deny:') as string,
    })
    project.configure(configured({ deny: ['1.5.0'] }))
    expect(outcomeKind(await project.apply())).toBe('nothing')
    project.configure(configured({}))
    await project.useCases().pin('web', null, 'until it is there')
    expect(outcomeKind(await project.apply())).toBe('nothing')
  })

  test('is an error at once when there is nothing else to take, or its time is not known', async () => {
    const first = memoryProject(configured({}))
    first.at(noon)
    first.offer(announced)
    await expect(first.apply()).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
      message: 'no file for 1.5.0',
      details: [],
    })
    const project = await running('1.4.0')
    project.offer('1.4.0', { version: '1.5.0', isMissing: true })
    await expect(project.apply()).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
      details: [expect.stringContaining('there is no grace period') as string],
    })
  })

  test('may be what an exact version asks for: then what runs stays too', async () => {
    const project = await running('1.4.0')
    project.configure(configured({ version: '1.5.0' }))
    project.offer('1.4.0', announced)
    expect(outcomeKind(await project.apply())).toBe('nothing')
    expect(await project.notices()).toEqual([expect.stringContaining('v1.5.0 is passed over') as string])
  })

  test('has as much time as its source is given', async () => {
    const project = await running('1.4.0')
    project.offer('1.4.0', announced)
    project.configure(configured({}, { gracePeriodMs: 0 }))
    await expect(project.apply()).rejects.toMatchObject({ code: 'ARTIFACT_MISSING' })
    project.configure(configured({}, { gracePeriodMs: 86_400_000 }))
    expect(outcomeKind(await project.apply())).toBe('nothing')
  })

  test('may be what runs: it goes on, and the plan says that its source has lost it', async () => {
    const project = await running('1.4.0')
    project.offer({ version: '1.4.0', publishedAt: at('01:00'), isMissing: true })
    expect(await project.notices()).toEqual(['web v1.4.0 runs, but its artifact is no longer at its source'])
    expect(outcomeKind(await project.apply())).toBe('nothing')
  })
})

describe('calendar versions', () => {
  const calendar = { scheme: 'YYYY.MM.MICRO', version: '2026.x' }

  test('are deployed by their order, and what does not fit is passed over', async () => {
    const project = memoryProject(configured(calendar))
    project.offer('2026.9.1', '2026.10.0', '2026.04.9', '2027.1.0', '2026.11.0-rc.1', 'nightly')
    await project.apply()
    expect(project.serves('web')).toBe('2026.10.0')
  })

  test('are listed newest first', async () => {
    const project = memoryProject(configured(calendar))
    project.offer('2026.9.1', '2026.10.0', '2026.10.0-rc.2', 'nightly', '2026.11.0')
    const { rows } = await project.useCases().listReleases([], never)
    expect(rows.map((row) => row.version)).toEqual([
      '2026.11.0',
      '2026.10.0',
      '2026.10.0-rc.2',
      '2026.9.1',
      'nightly',
    ])
  })

  test('that do not fit their format are counted when there is nothing else', async () => {
    const project = memoryProject(configured({ scheme: 'YYYY.0M.MICRO' }))
    project.offer('2026.9.1', '2026.10.0', '2026.4.9')
    await project.apply()
    expect(project.serves('web')).toBe('2026.10.0')
    const other = memoryProject(configured({ scheme: 'YYYY.0M.0D' }))
    other.offer('2026.9.1', '2026.10.0')
    await expect(other.apply()).rejects.toMatchObject({
      details: ['it offers v2026.10.0, v2026.9.1', 'not of the scheme YYYY.0M.0D: v2026.9.1, v2026.10.0'],
    })
  })
})
