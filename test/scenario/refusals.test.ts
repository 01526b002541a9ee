/** Laws 4, 5, 6 and 10: what is refused before anything is touched, and what can never change an outcome. */
import { describe, expect, test } from 'vitest'
import { deploySaved } from '../../src/app/deploy.js'
import { configOf, hook, outcomeKind, quietExecution, service } from '../support/memory-world.js'
import { thisHost } from '../../src/model/host-spec.js'
import { memoryProject, never } from '../support/memory-project.js'

const web = configOf([service('web')])

describe('a saved plan', () => {
  async function saved() {
    const project = memoryProject(web)
    const plan = await project.useCases().planRelease({ services: [] }, never)
    const text = await project.useCases().savePlan(plan)
    const run = (changed = text) => deploySaved(project.world(), changed, quietExecution(), never)
    return { project, text, run }
  }

  test('is applied exactly as it is, also when a newer release has come since', async () => {
    const { project, run } = await saved()
    project.offer('1.0.0', '2.0.0')
    expect(outcomeKind(await run())).toBe('applied')
    expect(project.serves('web')).toBe('1.0.0')
  })

  test('is refused when the state has moved, naming both serials, who and when', async () => {
    const { project, run } = await saved()
    await project.apply()
    await expect(run()).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: expect.stringContaining('rests on serial 0 of the state, which is now at 1') as string,
      details: [
        expect.stringMatching(/^the plan was made .* by ada@desk$/),
        expect.stringMatching(/^serial 1 was written .* by ada@desk$/),
      ],
    })
  })

  test('is refused when deploy.yaml has changed', async () => {
    const { project, run } = await saved()
    project.configure(configOf([service('web')], { parallelism: 2 }))
    await expect(run()).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: expect.stringContaining('deploy.yaml') as string,
    })
  })

  test('is refused when the world has moved', async () => {
    const { project, run } = await saved()
    project.ground.place('web').routed.set('front', { something: 1000 })
    await expect(run()).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: expect.stringContaining('really there') as string,
    })
  })

  test('is refused when somebody has changed a character of it', async () => {
    const { text, run } = await saved()
    await expect(run(text.replace('1.0.0', '6.6.6'))).rejects.toMatchObject({ code: 'PLAN_TAMPERED' })
    await expect(run('{}')).rejects.toMatchObject({ code: 'PLAN_TAMPERED' })
    await expect(run('')).rejects.toMatchObject({ code: 'PLAN_TAMPERED' })
  })

  test('is refused when it is older than a day', async () => {
    const { project, text } = await saved()
    const world = project.world()
    const later = { ...world, clock: { ...world.clock, now: () => new Date('2026-01-02T01:00:00Z') } }
    await expect(deploySaved(later, text, quietExecution(), never)).rejects.toThrow('it was made 1d 1h ago')
  })

  test('is refused for another environment', async () => {
    const { project, run } = await saved()
    project.configure({ ...web, environment: 'production' })
    await expect(run()).rejects.toThrow('for shop · staging, not for shop · production')
  })
})

describe('what cannot be undone', () => {
  const mails = hook('mail', 'x', {
    service: 'web',
    when: 'afterSwitch',
    revert: { irreversible: 'mails were sent' },
  })
  const config = configOf([service('web')], { hooks: [mails] })

  test('is in the plan, and refused until it is allowed by name', async () => {
    const project = memoryProject(config)
    const plan = await project.useCases().planRelease({ services: [] }, never)
    expect(plan.steps.flatMap((step) => step.risks)).toEqual([
      { kind: 'irreversible', message: 'mails were sent' },
    ])
    await expect(project.apply([], { allow: [] })).rejects.toMatchObject({ code: 'RISK_NOT_ALLOWED' })
    expect(project.ground.log).toEqual([])
    expect(project.disk.locked).toBe(false)
    expect(outcomeKind(await project.apply([], { allow: ['irreversible'] }))).toBe('applied')
  })

  test('is named as left over after an unwind', async () => {
    const late = hook('late', 'x', {
      service: 'web',
      when: 'afterDeploy',
      command: { run: ['fail'] },
      revert: { nothing: true },
    })
    const project = memoryProject(configOf([service('web')], { hooks: [mails, late] }))
    const result = await project.apply()
    expect(result).toMatchObject({ outcome: { kind: 'unwound', leftovers: [{ reason: 'mails were sent' }] } })
  })
})

test('law 6: nothing that happens before the first switch is seen by users', async () => {
  const project = memoryProject(configOf([service('web', { target: { type: 'switching', path: 'web' } })]))
  await project.apply()
  project.offer('1.1.0')
  const seen: (string | null)[] = []
  await project.apply([], {
    emit: (event) => {
      if (event.type === 'step' && event.step !== 'web/route') seen.push(project.serves('web'))
      if (event.type === 'step' && event.step === 'web/route') seen.push('switch')
    },
  })
  expect(seen.slice(0, seen.indexOf('switch'))).toEqual(
    seen.slice(0, seen.indexOf('switch')).map(() => '1.0.0'),
  )
})

describe('law 10: the outcome is the same', () => {
  test('when whoever listens throws', async () => {
    const project = memoryProject(web)
    const emit = () => {
      throw new Error('a broken view')
    }
    expect(outcomeKind(await project.apply([], { emit }))).toBe('applied')
  })

  test('when a notifier fails, which is said', async () => {
    const project = memoryProject(
      configOf([service('web')], {
        notifiers: [{ name: 'team', driver: { type: 'fake' }, events: ['started', 'succeeded'] }],
      }),
    )
    const world = project.world()
    const told: string[] = []
    const broken = {
      ...world,
      notifier: () => ({ notify: () => Promise.reject(new Error('no such channel')) }),
    }
    const { deploy } = await import('../../src/app/deploy.js')
    const result = await deploy(
      broken,
      { services: [] },
      quietExecution({ notice: (text) => told.push(text) }),
      never,
    )
    expect(outcomeKind(result)).toBe('applied')
    expect(told.join()).toContain('notifier "team" was not told')
  })

  test('when pruning fails, which is a warning', async () => {
    const project = memoryProject(
      configOf([service('web', { target: { type: 'switching', path: 'web', keepReleases: 1 } })]),
    )
    for (const version of ['1.0.0', '1.1.0']) {
      project.offer(version)
      await project.apply()
    }
    project.offer('1.2.0')
    project.ground.effects = 0
    project.ground.fault = { at: 2, when: 'before' }
    const result = await project.apply()
    expect(result).toMatchObject({ outcome: { kind: 'applied', warnings: [{ step: 'web/prune' }] } })
    expect(project.serves('web')).toBe('1.2.0')
  })
})

test('with onFailure: service, only the failed service and what depends on it are undone', async () => {
  const config = configOf([service('api'), service('web', { dependsOn: ['api'] }), service('docs')], {
    onFailure: 'service',
  })
  const project = memoryProject(config)
  await project.apply()
  project.offer('1.1.0')
  const world = project.world()
  const sickApi = {
    probe: async ({ env }: { env: { readonly [name: string]: string } }) => ({
      healthy: env.DEPLOYCTL_SERVICE !== 'api' || env.DEPLOYCTL_VERSION !== '1.1.0',
      seen: 'x',
    }),
  }
  const { deploy } = await import('../../src/app/deploy.js')
  const result = await deploy({ ...world, check: () => sickApi }, { services: [] }, quietExecution(), never)
  expect(result).toMatchObject({
    outcome: { kind: 'unwound', services: { api: 'unwound', web: 'unwound', docs: 'applied' } },
  })
  expect(['api', 'web', 'docs'].map((name) => project.serves(name))).toEqual(['1.0.0', '1.0.0', '1.1.0'])
  expect(project.state().services.docs?.active.release.version).toBe('1.1.0')
  expect(project.state().services.web?.holds).toEqual([])
})

test('a revert that fails leaves the deployment stuck, refuses a new one, and recover undoes the rest', async () => {
  const project = memoryProject(web)
  await project.apply()
  project.offer('1.1.0')
  project.health.sick('1.1.0')
  const world = project.world()
  const target = world.target({ type: 'running', path: 'web' }, { service: 'web', host: thisHost })
  const broken = { ...target, stop: () => Promise.reject(new Error('the engine does not answer')) }
  const { deploy } = await import('../../src/app/deploy.js')
  const { recover } = await import('../../src/app/recover.js')
  const result = await deploy({ ...world, target: () => broken }, { services: [] }, quietExecution(), never)
  expect(result).toMatchObject({ outcome: { kind: 'stuck', stuck: [{ step: 'web/start' }] } })
  await expect(project.apply()).rejects.toMatchObject({ code: 'INTERRUPTED_DEPLOYMENT' })
  const ended = await recover(project.world(), 'unwind', quietExecution(), never)
  expect(outcomeKind(ended)).toBe('unwound')
  expect(project.serves('web')).toBe('1.0.0')
  expect(project.state().services.web?.holds).toMatchObject([{ version: '1.1.0' }])
})
