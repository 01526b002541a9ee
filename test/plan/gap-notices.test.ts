/** How long nothing serves is said before it happens, and better once it has happened. */
import { expect, test } from 'vitest'
import { deploy } from '../../src/app/deploy.js'
import { planApply } from '../../src/app/plan-release.js'
import { MemoryGround } from '../support/memory-ground.js'
import { emptyDisk } from '../support/memory-store.js'
import { configOf, memoryWorld, quietExecution, service } from '../support/memory-world.js'
import { policyOf } from '../support/version-policy.js'

const never = new AbortController().signal

async function said(type: string) {
  const [ground, disk] = [new MemoryGround(), emptyDisk()]
  const world = (version: string) => {
    const strategy = { type, monitor: '0s' }
    const config = configOf([service('web', { strategy, policy: policyOf({ version }) })])
    return memoryWorld({ config, ground, disk, versions: ['1.0.0', '1.1.0', '1.2.0'] })
  }
  const notices: string[] = []
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    const plan = await planApply(world(version), { services: [] }, never)
    notices.push(plan.notices.map(({ message }) => message).join())
    await deploy(world(version), { services: [] }, quietExecution(), never)
  }
  return notices
}

test('with recreate: by its limits first, and by what was measured afterwards', async () => {
  const [first, second, third] = await said('recreate')
  expect(first).toBe('')
  expect(second).toBe(
    'web serves nothing from the stop of v1.0.0 until the new one is healthy: as long as the old one takes to stop and the new one to start, and at most 10s to become healthy',
  )
  expect(third).toMatch(/^web serves nothing from the stop of v1\.1\.0 .*: the last time that took \d+\w+$/)
})

test('with any other strategy there is nothing to say', async () => {
  expect(await said('rolling')).toEqual(['', '', ''])
})
