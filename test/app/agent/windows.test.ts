/** Windows in the time zones of people: over midnight, and on the two days of the year that are longer and shorter. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeWindows, isOpen } from '../../../src/app/agent/windows.js'
import { weekdays, type DeployWindow } from '../../../src/model/agent.js'

const window = (changes: Partial<DeployWindow> = {}): DeployWindow => ({
  days: weekdays,
  fromMinute: 9 * 60,
  toMinute: 16 * 60 + 30,
  timeZone: 'Europe/Berlin',
  ...changes,
})
const opens = (one: DeployWindow, moment: string) => isOpen([one], new Date(moment))
/** Minutes of a day in UTC, from midnight to midnight, at which it is open. */
const openMinutes = (one: DeployWindow, day: string) =>
  Array.from(
    { length: 1440 },
    (_, minute) => new Date(Date.parse(`${day}T00:00:00Z`) + minute * 60_000),
  ).filter((moment) => isOpen([one], moment))

test('the hours are those of its time zone, in winter and in summer', () => {
  expect(opens(window(), '2026-01-05T07:59:59Z')).toBe(false)
  expect(opens(window(), '2026-01-05T08:00:00Z')).toBe(true)
  expect(opens(window(), '2026-07-06T07:00:00Z')).toBe(true)
  expect(opens(window(), '2026-07-06T06:59:59Z')).toBe(false)
  expect(opens(window(), '2026-07-06T14:29:59Z')).toBe(true)
  expect(opens(window(), '2026-07-06T14:30:00Z')).toBe(false)
  expect(opens(window({ timeZone: 'Asia/Kathmandu' }), '2026-01-05T03:15:00Z')).toBe(true)
})

test('its days are those of its time zone, and one over midnight belongs to the day on which it begins', () => {
  const friday = window({ days: ['fri'], fromMinute: 22 * 60, toMinute: 2 * 60 })
  expect(opens(friday, '2026-01-09T21:30:00Z')).toBe(true) // Friday 22:30
  expect(opens(friday, '2026-01-10T00:30:00Z')).toBe(true) // Saturday 01:30
  expect(opens(friday, '2026-01-10T01:00:00Z')).toBe(false)
  expect(opens(friday, '2026-01-09T00:30:00Z')).toBe(false) // Friday 01:30: Thursday's night
  expect(opens(friday, '2026-01-10T21:30:00Z')).toBe(false)
  const monday = window({ days: ['mon'], fromMinute: 0, toMinute: 1440, timeZone: 'Pacific/Auckland' })
  expect(opens(monday, '2026-01-04T11:00:00Z')).toBe(true) // there it is Monday already
  expect(opens(monday, '2026-01-05T11:00:00Z')).toBe(false)
})

test('an hour that a day does not have is never open, and one that it has twice is open twice', () => {
  const twoToThree = window({ fromMinute: 120, toMinute: 180 })
  expect(openMinutes(twoToThree, '2026-03-28')).toHaveLength(60)
  expect(openMinutes(twoToThree, '2026-03-29')).toHaveLength(0)
  expect(openMinutes(twoToThree, '2026-10-25')).toHaveLength(120)
})

test('a window and the rest of the day are never open together, and always one of them is', () => {
  const minute = fc.integer({ min: 0, max: 1439 })
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Pacific/Apia',
  )
  const moment = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(minute, minute, zone, moment, (fromMinute, toMinute, timeZone, now) => {
      fc.pre(fromMinute !== toMinute)
      const one = window({ fromMinute, toMinute, timeZone })
      const rest = window({ fromMinute: toMinute, toMinute: fromMinute, timeZone })
      expect(isOpen([one], now)).toBe(!isOpen([rest], now))
      expect(isOpen([one, rest], now)).toBe(true)
    }),
  )
  expect(isOpen([], new Date())).toBe(true)
})

test('are told in words', () => {
  expect(describeWindows([window({ days: ['mon', 'tue'] }), window({ fromMinute: 0, toMinute: 1440 })])).toBe(
    'mon tue 09:00–16:30 Europe/Berlin, every day 00:00–24:00 Europe/Berlin',
  )
})
