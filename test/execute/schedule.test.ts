import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSchedule, reversed, runSchedule, type Node } from '../../src/execute/schedule.js'

/** Any graph without cycles: each node needs some of those before it. */
const graphs = fc
  .integer({ min: 0, max: 30 })
  .chain((size) =>
    fc
      .tuple(
        ...Array.from({ length: size }, (_, index) =>
          fc.subarray(Array.from({ length: index }, (_each, need) => need)),
        ),
      )
      .map((needs): readonly Node[] =>
        needs.map((ids, index) => ({ id: `n${index}`, needs: ids.map((id) => `n${id}`) })),
      ),
  )

describe('a schedule', () => {
  test('runs every node once, never before what it needs, and never too many at once', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, fc.integer({ min: 1, max: 5 }), async (nodes, parallelism) => {
        const finished: string[] = []
        let running = 0
        await runSchedule(nodes, parallelism, async (node) => {
          running++
          expect(running).toBeLessThanOrEqual(parallelism)
          for (const need of node.needs) expect(finished).toContain(need)
          await Promise.resolve()
          finished.push(node.id)
          running--
          return true
        })
        expect([...finished].sort()).toEqual(nodes.map((node) => node.id).sort())
      }),
    )
  })

  test('never starts what stands on a node that did not finish', async () => {
    const nodes = [
      { id: 'a', needs: [] },
      { id: 'b', needs: ['a'] },
      { id: 'c', needs: ['b'] },
      { id: 'd', needs: [] },
    ]
    const began: string[] = []
    await runSchedule(nodes, 2, async ({ id }) => {
      began.push(id)
      return id !== 'a'
    })
    expect(began.sort()).toEqual(['a', 'd'])
  })

  test('needs outside of it count as finished, and a need named twice counts once', () => {
    const schedule = createSchedule([
      { id: 'b', needs: ['elsewhere'] },
      { id: 'c', needs: ['b', 'b'] },
    ])
    expect(schedule.next()?.id).toBe('b')
    expect(schedule.next()).toBeUndefined()
    schedule.finish('b')
    expect(schedule.next()?.id).toBe('c')
  })
})

test('turned round, what came last comes first', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, async (nodes) => {
      const order: string[] = []
      await runSchedule(reversed(nodes), 3, async ({ id }) => {
        order.push(id)
        return true
      })
      for (const node of nodes)
        for (const need of node.needs) expect(order.indexOf(need)).toBeGreaterThan(order.indexOf(node.id))
    }),
  )
})
