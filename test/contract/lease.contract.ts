/** What every lease promises, whatever it is kept in: of those who change the same text at once, one succeeds. */
import { describe, expect, test } from 'vitest'
import type { Lease, LeaseDriver } from '../../src/model/lease.js'
import { expectGoodSchema } from './driver-schema.js'

const never = new AbortController().signal

/** `open` answers the same lease as another host would open it. */
export function leaseContract(
  driver: LeaseDriver,
  begin: () => Promise<{ readonly open: () => Lease; readonly end: () => Promise<void> }>,
): void {
  describe(`the lease ${driver.type} keeps the contract`, () => {
    test('its schema is good', () => expectGoodSchema(driver.type, driver.schema))

    test('is empty, then says what was written, to everybody', async () => {
      const { open, end } = await begin()
      const [one, other] = [open(), open()]
      expect(await one.read(never)).toBe(null)
      expect(await one.writeIf(null, 'first', never)).toBe(true)
      const seen = await other.read(never)
      expect(seen?.text).toBe('first')
      expect(await one.writeIf(null, 'again', never)).toBe(false)
      expect(await other.writeIf(seen!.mark, 'second', never)).toBe(true)
      expect(await one.writeIf(seen!.mark, 'too late', never)).toBe(false)
      expect((await one.read(never))?.text).toBe('second')
      await end()
    })

    test('loses no change of many who change it at once', async () => {
      const { open, end } = await begin()
      const write = async (lease: Lease, writer: number) => {
        for (let change = 0; change < 6; change++) {
          const own = `${writer}.${change}`
          for (;;) {
            const seen = await lease.read(never)
            const there = seen?.text.split(' ') ?? []
            if (there.includes(own)) break
            if (await lease.writeIf(seen?.mark ?? null, [...there, own].join(' '), never)) break
            await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
          }
        }
      }
      await Promise.all(Array.from({ length: 5 }, (_, writer) => write(open(), writer)))
      const all = (await open().read(never))?.text.split(' ') ?? []
      expect(all).toHaveLength(30)
      expect(new Set(all).size).toBe(30)
      await end()
    })
  })
}
