/** Who a process is: itself, one that has ended, a zombie, a stranger with the same number. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { canJudge, isAlive, startOf, thisPlace } from '../../../src/drivers/system/process-identity.js'
import { until } from './scratch.js'

describe('a process', () => {
  test('is the same each time it is looked at, and not another', async () => {
    const mine = (await startOf(process.pid))!
    expect(await startOf(process.pid)).toBe(mine)
    expect(await isAlive(process.pid, mine)).toBe(true)
    expect(await isAlive(process.pid, `${mine}1`)).toBe(false)
    const child = spawn('sleep', ['60'])
    expect(await startOf(child.pid!)).not.toBe(mine)
    child.kill('SIGKILL')
    await once(child, 'exit')
  })

  test('that has ended is gone, also before its parent has noticed', async () => {
    const child = spawn('/bin/sh', ['-c', 'sleep 0 & exec sleep 60']) // the inner sleep stays a zombie
    const pid = child.pid!
    const startedAt = (await startOf(pid))!
    await until(async () => (await startOf(pid)) !== null)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await startOf(pid)).toBeNull()
    expect(await isAlive(pid, startedAt)).toBe(false)
  })

  test('with no possible number does not live', async () => {
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 30]) expect(await isAlive(pid, '')).toBe(false)
  })
})

describe('a place', () => {
  test('can be judged from itself, and not from another machine or container', () => {
    const here = thisPlace()
    expect(canJudge(here)).toBe(true)
    expect(canJudge({ ...here, machineId: 'another' })).toBe(false)
    expect(canJudge({ ...here, namespace: 'pid:[1]' })).toBe(false)
  })
})
