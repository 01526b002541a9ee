import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { diskCheck } from '../../../src/drivers/checks/disk-check.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { memoryCheck, parseMeminfo } from '../../../src/drivers/checks/memory-check.js'
import { nowhere } from '../../support/nowhere.js'
import { thresholdOf } from '../../../src/drivers/checks/threshold.js'

let ports: DriverPorts
beforeEach(async () => {
  ports = await driverPorts()
})
afterEach(() => ports.remove())
const { signal } = new AbortController()

describe('disk', () => {
  const probe = (options: { path?: string; minFree: string }) =>
    diskCheck.create({ type: 'disk', ...options }, ports).probe(nowhere, signal)

  test.each(['1B', '0%'])('has %s left', async (minFree) => {
    const answer = await probe({ minFree })
    expect(answer.healthy).toBe(true)
    expect(answer.seen).toMatch(/^\/\S+ has \S+ [kMGT]?B of \S+ [kMGT]?B \(\S+%\) free$/)
  })

  test.each(['900TiB', '100%'])('has not %s left', async (minFree) => {
    const answer = await probe({ minFree })
    expect(answer.healthy).toBe(false)
    expect(answer.seen).toMatch(new RegExp(`free; at least ${minFree} is wanted$`))
  })

  test('a relative path starts at the project, and may appear later', async () => {
    expect((await probe({ path: 'data', minFree: '1B' })).seen).toBe(
      `${join(ports.projectDirectory, 'data')} does not exist`,
    )
    await mkdir(join(ports.projectDirectory, 'data'))
    expect((await probe({ path: 'data', minFree: '1B' })).healthy).toBe(true)
    await rm(join(ports.projectDirectory, 'data'), { recursive: true })
  })

  test('a path through a file', async () => {
    expect((await probe({ path: '/etc/passwd/x', minFree: '1B' })).seen).toContain('could not be looked at')
  })
})

describe('memory', () => {
  const probe = (minAvailable: string) =>
    memoryCheck.create({ type: 'memory', minAvailable }, ports).probe(nowhere, signal)

  test('enough and not enough', async () => {
    expect((await probe('1MiB')).seen).toMatch(/^memory: \S+ .B of/)
    expect((await probe('100%')).seen).toMatch(/free; at least 100% is wanted$/)
  })

  test('the kernel’s table', () => {
    const table = 'MemTotal:       1000 kB\nMemFree:         10 kB\nMemAvailable:    300 kB\nBuffers: 1 kB\n'
    expect(parseMeminfo(table)).toEqual({ availableBytes: 300 * 1024, totalBytes: 1000 * 1024 })
    expect(parseMeminfo('')).toBeNull()
    expect(parseMeminfo('MemTotal: 1000 kB\nMemFree: 10 kB\n')).toBeNull()
  })
})

describe('a threshold', () => {
  test('never takes more room for worse', () => {
    const written = fc.oneof(
      fc.nat({ max: 99 }).map((share) => `${share}%`),
      fc.nat({ max: 5000 }).map((size) => `${size}MiB`),
    )
    const room = fc.nat({ max: 2 ** 33 })
    fc.assert(
      fc.property(written, room, room, room, (text, total, one, other) => {
        const threshold = thresholdOf('minFree', text)
        const [less, more] = [Math.min(one, other, total), Math.min(Math.max(one, other), total)]
        if (threshold.judge('x', less, total).healthy) {
          expect(threshold.judge('x', more, total).healthy).toBe(true)
        }
      }),
    )
  })

  test('is met when it is just met, and a share just under it does not look like it', () => {
    expect(thresholdOf('minFree', '10%').judge('x has', 100, 1000).healthy).toBe(true)
    expect(thresholdOf('minFree', '10%').judge('x has', 99_999, 1_000_000)).toEqual({
      healthy: false,
      seen: 'x has 100 kB of 1.0 MB (9.9%) free; at least 10% is wanted',
    })
    expect(thresholdOf('minFree', '1KiB').judge('x has', 1023, 0).healthy).toBe(false)
  })

  test.each(['10', '10 %', 'much', '-1B', ''])('that is none is refused: "%s"', (text) => {
    expect(() => thresholdOf('minFree', text)).toThrow(/is neither a size nor a percentage/)
  })
})
