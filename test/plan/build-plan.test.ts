/** The planner's own laws: what every plan must be, for any project. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planApply } from '../../src/app/plan-release.js'
import { isOperation, type Operation, type Share } from '../../src/model/operation.js'
import type { Plan } from '../../src/model/plan.js'
import type { Config } from '../../src/model/config.js'
import { hookMoments } from '../../src/model/spec.js'
import { configOf, hook, service } from '../support/memory-world.js'
import { memoryProject, never } from '../support/memory-project.js'

const configs = fc
  .record({
    names: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1 }),
    edges: fc.array(fc.tuple(fc.nat(5), fc.nat(5))),
    moments: fc.array(fc.tuple(fc.constantFrom(...hookMoments), fc.nat(6))),
    onFailure: fc.constantFrom('deployment', 'service'),
    type: fc.constantFrom('running', 'switching'),
    strategy: fc.constantFrom('rolling'),
  })
  .map(({ names, edges, moments, onFailure, type }): Config => {
    const services = names.map((name, index) =>
      service(name, {
        target: { type, path: name },
        dependsOn: edges
          .filter(([from, to]) => from === index && to < index)
          .flatMap(([, to]) => names[to] ?? []),
      }),
    )
    const hooks = moments.map(([when, index], serial) =>
      hook(`h${serial}`, 'x', { when, service: names[index] ?? null }),
    )
    return configOf(services, { hooks, onFailure })
  })

const planOf = async (config: Config): Promise<Plan> =>
  planApply(memoryProject(config).world(), { services: [] }, never)

/** Every instance that an operation names, in whichever of its parts. */
function instancesOf(operation: Operation): readonly string[] {
  const { instance, instances, from, to, previous } = operation as {
    readonly [part: string]: string | null | readonly (string | Share)[]
  }
  return [instance, previous, ...[instances, from, to].flat()].flatMap((part) => {
    if (part === null || part === undefined) return []
    return typeof part === 'string' ? part : (part as Share).instance
  })
}

describe('every plan', () => {
  test('has steps with ids of their own, whose needs stand before them', async () => {
    await fc.assert(
      fc.asyncProperty(configs, async (config) => {
        const { steps } = await planOf(config)
        const before = new Set<string>()
        for (const step of steps) {
          expect(before.has(step.id)).toBe(false)
          for (const need of step.needs) expect(before).toContain(need)
          before.add(step.id)
        }
      }),
    )
  })

  test('holds every instance and specification that its steps refer to, and survives JSON', async () => {
    await fc.assert(
      fc.asyncProperty(configs, async (config) => {
        const plan = await planOf(config)
        expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
        for (const { apply, revert } of plan.steps) {
          for (const operation of [apply, ...(isOperation(revert) ? [revert] : [])]) {
            for (const id of instancesOf(operation)) {
              const instance = plan.instances[id]
              expect(plan.specs[instance?.specDigest ?? '']).toBeDefined()
            }
          }
        }
      }),
    )
  })

  test('switches a service only after everything it depends on has ended', async () => {
    await fc.assert(
      fc.asyncProperty(configs, async (config) => {
        const { steps } = await planOf(config)
        const byId = new Map(steps.map((step) => [step.id, step]))
        const reaches = (from: string, to: string): boolean => {
          const step = byId.get(from)
          return from === to || (step?.needs.some((need) => reaches(need, to)) ?? false)
        }
        for (const one of Object.values(config.services)) {
          for (const dependency of one.dependsOn) {
            const last = steps.findLast((step) => step.service === dependency && step.apply.verb !== 'prune')
            expect(reaches(`${one.name}/route`, last!.id)).toBe(true)
          }
        }
      }),
    )
  })

  test('has a revert beside each step, and the inverse of a route is the route back', async () => {
    await fc.assert(
      fc.asyncProperty(configs, async (config) => {
        for (const { apply, revert } of (await planOf(config)).steps) {
          if (apply.verb === 'route')
            expect(revert).toMatchObject({ verb: 'route', from: apply.to, to: apply.from })
          if (apply.verb === 'stage') expect(revert).toEqual({ verb: 'discard', instance: apply.instance })
        }
      }),
    )
  })
})
