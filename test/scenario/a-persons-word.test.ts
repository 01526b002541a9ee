/** Laws 7 and 8: what retention never takes, and what automation never undoes. */
import { describe, expect, test } from 'vitest'
import { configOf, outcomeKind, service } from '../support/memory-world.js'
import { memoryProject } from '../support/memory-project.js'
import { policyOf } from '../support/version-policy.js'

const web = configOf([service('web', { target: { type: 'switching', path: 'web', keepReleases: 3 } })])

describe('retention', () => {
  test('keeps the active release and as many before it as asked for', async () => {
    const project = memoryProject(web)
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0']) {
      project.offer(version)
      await project.apply()
    }
    expect(project.kept('web')).toEqual(['1.2.0', '1.3.0', '1.4.0'])
    expect(project.state().services.web?.previous.map((one) => one.release.version)).toEqual([
      '1.3.0',
      '1.2.0',
    ])
  })

  test('failed releases do not count and never push a good one out', async () => {
    const project = memoryProject(web)
    project.offer('1.0.0')
    await project.apply()
    for (const version of ['2.0.0', '2.1.0', '2.2.0', '2.3.0']) {
      project.offer('1.0.0', version)
      project.health.sick(version)
      expect(outcomeKind(await project.apply())).toBe('unwound')
    }
    expect(project.kept('web')).toEqual(['1.0.0'])
    project.offer('1.0.0', '3.0.0')
    await project.apply()
    expect(project.kept('web')).toEqual(['1.0.0', '3.0.0'])
    await project.rollBack()
    expect(project.serves('web')).toBe('1.0.0')
  })

  test('never takes a pinned release, however old', async () => {
    const project = memoryProject(web)
    for (const version of ['1.0.0', '1.1.0']) {
      project.offer(version)
      await project.apply()
    }
    await project.useCases().pin('web', '1.0.0', 'the auditors look at it')
    await project.apply()
    expect(project.serves('web')).toBe('1.0.0')
    expect(project.kept('web')).toEqual(['1.0.0', '1.1.0'])
  })
})

describe('rollback', () => {
  async function deployed(...versions: readonly string[]) {
    const project = memoryProject(web)
    const offered: string[] = []
    for (const version of versions) {
      offered.push(version)
      project.offer(...offered)
      await project.apply()
    }
    return project
  }

  test('goes to the previous good release, pins it, and holds what it left', async () => {
    const project = await deployed('1.0.0', '1.1.0')
    expect(outcomeKind(await project.rollBack())).toBe('applied')
    const recorded = project.state().services.web
    expect(project.serves('web')).toBe('1.0.0')
    expect(recorded?.pin).toMatchObject({ version: '1.0.0', reason: 'rolled back from v1.1.0' })
    expect(recorded?.holds).toMatchObject([{ version: '1.1.0', cause: 'rolledBack' }])
  })

  test('is not undone by the next apply, nor by a newer release, until it is unpinned', async () => {
    const project = await deployed('1.0.0', '1.1.0')
    await project.rollBack()
    project.offer('1.0.0', '1.1.0', '1.2.0')
    expect(outcomeKind(await project.apply())).toBe('nothing')
    expect(outcomeKind(await project.apply(['web']))).toBe('nothing')
    await project.useCases().unpin('web')
    await project.apply()
    expect(project.serves('web')).toBe('1.2.0')
  })

  test('twice in a row goes back twice, and then says that there is nothing earlier', async () => {
    const project = await deployed('1.0.0', '1.1.0', '1.2.0')
    await project.rollBack()
    expect(project.serves('web')).toBe('1.1.0')
    await project.rollBack()
    expect(project.serves('web')).toBe('1.0.0')
    await expect(project.rollBack()).rejects.toThrow('no earlier good release')
    expect(project.kept('web')).toEqual(['1.0.0', '1.1.0', '1.2.0'])
  })

  test('needs no source for a release that is kept', async () => {
    const project = await deployed('1.0.0', '1.1.0')
    project.offer()
    await project.rollBack('v1.0.0')
    expect(project.serves('web')).toBe('1.0.0')
    expect(project.ground.log.filter((line) => line.startsWith('stage web 1.0.0'))).toHaveLength(1)
  })

  test('takes from the source what was never deployed here, and says so', async () => {
    const project = await deployed('1.1.0')
    project.offer('1.0.0', '1.1.0')
    const result = await project.rollBack('1.0.0')
    expect(result.plan.notices.map((notice) => notice.message).join()).toContain(
      'it comes from source "main"',
    )
    expect(project.serves('web')).toBe('1.0.0')
  })

  test('to an unknown version is refused with what there is', async () => {
    const project = await deployed('1.0.0', '1.1.0')
    await expect(project.rollBack('9.9.9')).rejects.toMatchObject({
      code: 'RELEASE_UNKNOWN',
      details: ['kept here: v1.0.0', 'as for the source, it offers v1.1.0, v1.0.0'],
    })
  })

  test('of several services has to name them', async () => {
    const project = memoryProject(configOf([service('api'), service('web')]))
    await project.apply()
    await expect(project.rollBack()).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('of a service that deploy.yaml no longer has is refused, and removes nothing', async () => {
    const project = await deployed('1.0.0', '1.1.0')
    project.configure(configOf([]))
    await expect(project.rollBack('1.0.0')).rejects.toThrow('no longer in deploy.yaml')
    expect(project.serves('web')).toBe('1.1.0')
  })
})

describe('a release that failed', () => {
  test('is held by digest: the next apply passes over it, says so, and naming the service tries it again', async () => {
    const project = memoryProject(web)
    await project.apply()
    project.offer('1.0.0', '1.1.0')
    project.health.sick('1.1.0')
    expect(outcomeKind(await project.apply())).toBe('unwound')
    expect(project.state().services.web?.holds).toMatchObject([{ version: '1.1.0', cause: 'failed' }])
    const again = await project.apply()
    expect(again.kind).toBe('nothing')
    expect(again.plan.notices[0]?.message).toContain('web v1.1.0 is held and passed over')
    project.health.wellAgain()
    expect(outcomeKind(await project.apply(['web']))).toBe('applied')
    expect(project.serves('web')).toBe('1.1.0')
    expect(project.state().services.web?.holds).toEqual([])
  })

  test('is held also when it was the first one, and then there is no release to deploy', async () => {
    const project = memoryProject(web)
    project.health.sick('1.0.0')
    expect(outcomeKind(await project.apply())).toBe('unwound')
    await expect(project.apply()).rejects.toMatchObject({ code: 'RELEASE_HELD' })
    expect(project.ground.view()).toEqual({ places: [], hooks: [] })
  })

  test('is not held when it was a person who ended the deployment', async () => {
    const project = memoryProject(web)
    await project.apply()
    project.offer('1.1.0')
    const stop = new AbortController()
    const { deploy } = await import('../../src/app/deploy.js')
    const { quietExecution } = await import('../support/memory-world.js')
    const emit = () => stop.abort(new Error('SIGINT'))
    const result = await deploy(project.world(), { services: [] }, quietExecution({ emit }), stop.signal)
    expect(outcomeKind(result)).toBe('unwound')
    expect(project.state().services.web?.holds).toEqual([])
    expect(project.serves('web')).toBe('1.0.0')
  })
})

test('a range never goes below what runs, and an exact version does', async () => {
  const project = memoryProject(web)
  project.offer('1.0.0', '1.1.0')
  await project.apply()
  project.offer('1.0.0')
  expect(outcomeKind(await project.apply())).toBe('nothing')
  project.configure(configOf([{ ...web.services.web!, policy: policyOf({ version: '1.0.0' }) }]))
  await project.apply()
  expect(project.serves('web')).toBe('1.0.0')
})

test('a version published again with other content is a new release', async () => {
  const project = memoryProject(web)
  await project.apply()
  const world = project.world()
  const source = world.source('main', { type: 'fake' })
  const republished = {
    ...world,
    source: () => ({
      ...source,
      resolve: async (v: string) => ({
        ...(await source.resolve(v, new AbortController().signal)),
        digest: 'sha256:beef',
      }),
    }),
  }
  const { planApply } = await import('../../src/app/plan-release.js')
  const plan = await planApply(republished, { services: [] }, new AbortController().signal)
  expect(plan.changes[0]).toMatchObject({
    kind: 'update',
    reasons: ['v1.0.0 was published again with other content'],
  })
})

test('a service under a new name at the same place takes over what is there', async () => {
  const project = memoryProject(web)
  await project.apply()
  project.configure(
    configOf([service('site', { target: { type: 'switching', path: 'web', keepReleases: 3 } })]),
  )
  const result = await project.apply()
  expect(outcomeKind(result)).toBe('applied')
  expect(project.serves('web')).toBe('1.0.0')
  expect(Object.keys(project.state().services)).toEqual(['site'])
  expect(outcomeKind(await project.apply())).toBe('nothing')
})
