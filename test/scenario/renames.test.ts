/** A service under a new name, at the place of the old one: one and the same, with its whole record. */
import { expect, test } from 'vitest'
import { deploy } from '../../src/app/deploy.js'
import type { World } from '../../src/app/world.js'
import { memoryProject, never } from '../support/memory-project.js'
import { configOf, outcomeKind, quietExecution, service } from '../support/memory-world.js'

const switching = (path: string) => ({ target: { type: 'switching', path } })
const old = configOf([service('web', switching('web')), service('docs', switching('docs'))], {
  onFailure: 'service',
})
const renamed = configOf([service('site', switching('web')), service('docs', switching('docs'))], {
  onFailure: 'service',
})

async function deployed() {
  const project = memoryProject(old)
  await project.apply()
  project.offer('1.0.0', '1.1.0')
  return project
}

test('a rollback is not undone by a new name (law 8)', async () => {
  const project = await deployed()
  await project.apply()
  await project.rollBack(null, ['web'])
  project.configure(renamed)
  await project.apply()
  expect(project.serves('web')).toBe('1.0.0')
  const { site } = project.state().services
  expect(site?.pin).toMatchObject({ version: '1.0.0' })
  expect(site?.holds).toMatchObject([{ version: '1.1.0', cause: 'rolledBack' }])
  expect(outcomeKind(await project.apply())).toBe('nothing')
})

test('a release that failed stays held under the new name', async () => {
  const project = await deployed()
  project.health.sick('1.1.0')
  await project.apply()
  project.health.wellAgain()
  project.configure(renamed)
  await project.apply()
  expect(project.serves('web')).toBe('1.0.0')
  expect(project.state().services.site?.holds).toMatchObject([{ version: '1.1.0', cause: 'failed' }])
})

test('the new name can be rolled back at once', async () => {
  const project = await deployed()
  await project.apply()
  project.configure(renamed)
  await project.rollBack(null, ['site'])
  expect(project.serves('web')).toBe('1.0.0')
  expect(Object.keys(project.state().services).sort()).toEqual(['docs', 'site'])
})

test.each(['docs', 'site'])(
  'when %s fails and the other does not, one record is left of the place',
  async (failing) => {
    const project = await deployed()
    project.configure(renamed)
    const world = project.world()
    const check: World['check'] = () => ({
      probe: async ({ env }) => ({ healthy: env.DEPLOYCTL_SERVICE !== failing, seen: 'answered 500' }),
    })
    const result = await deploy({ ...world, check }, { services: [] }, quietExecution(), never)
    expect(outcomeKind(result)).toBe('unwound')
    const names = Object.keys(project.state().services).sort()
    expect(names).toEqual(failing === 'docs' ? ['docs', 'site'] : ['docs', 'web'])
    const again = await project.useCases().planRelease({ services: [] }, never)
    expect(again.changes.map(({ kind }) => kind)).not.toContain('remove')
  },
)
