/** Observed differs from recorded: shown apart, repaired by apply, without hooks, and then nothing is left to do. */
import { expect, test } from 'vitest'
import { configOf, hook, outcomeKind, service } from '../support/memory-world.js'
import { memoryProject, never } from '../support/memory-project.js'

const hooks = [hook('open', 'x', { when: 'beforeDeploy' }), hook('migrate', 'x', { service: 'web' })]
const config = configOf([service('web', { target: { type: 'switching', path: 'web' } })], { hooks })

test('a link moved by hand is shown and put right, and no hook runs for it', async () => {
  const project = memoryProject(config)
  await project.apply()
  project.ground.place('web').routed.set('front', { 'by-hand': 1000 })
  const plan = await project.useCases().planRelease({ services: [] }, never)
  expect(plan.drift).toMatchObject([{ service: 'web', kind: 'linkMoved' }])
  expect(plan.changes).toMatchObject([{ kind: 'update', reasons: ['what is there is not what is recorded'] }])
  expect(plan.steps.map((step) => step.id)).toEqual(['web/route', 'web/check'])
  expect(plan.steps[0]?.revert).toEqual({ nothing: true, because: 'what was repaired stays' })
  const before = project.state().services.web
  expect(outcomeKind(await project.apply())).toBe('applied')
  expect(project.serves('web')).toBe('1.0.0')
  expect(project.state().services.web).toEqual(before)
  expect(outcomeKind(await project.apply())).toBe('nothing')
})

test('an upgrade over drift goes its usual way, and its unwind leads to the recorded release', async () => {
  const project = memoryProject(config)
  await project.apply()
  project.ground.place('web').routed.set('front', { 'by-hand': 1000 })
  project.offer('1.1.0')
  project.health.sick('1.1.0')
  expect(outcomeKind(await project.apply())).toBe('unwound')
  expect(project.serves('web')).toBe('1.0.0')
})

test('that another router sends nothing yet is a change and no drift; what has ended is drift all the same', async () => {
  const behind = (router: string) =>
    configOf([service('web', { target: { type: 'running', path: 'web', router } })])
  const project = memoryProject(behind('old'))
  await project.apply()
  project.configure(behind('new'))
  const plan = () => project.useCases().planRelease({ services: [] }, never)
  expect(await plan()).toMatchObject({ drift: [], changes: [{ kind: 'update' }] })
  project.ground.place('web').running.clear()
  expect((await plan()).drift).toMatchObject([{ kind: 'instanceMissing' }])
  expect(outcomeKind(await project.apply())).toBe('applied')
  expect(await plan()).toMatchObject({ drift: [], steps: [] })
})
