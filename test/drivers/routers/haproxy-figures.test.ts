/** What is pure in the HAProxy router: weights, its tables, lines of a configuration. */
import { describe, expect, test } from 'vitest'
import { haproxyDriver } from '../../../src/drivers/routers/haproxy.js'
import { sharesOf } from '../../../src/drivers/routers/haproxy/shares.js'
import { parseStatistics } from '../../../src/drivers/routers/haproxy/statistics-table.js'
import { withServers } from '../../../src/drivers/routers/haproxy/server-lines.js'
import { admits } from '../../contract/driver-schema.js'
import { documentedDrivers } from '../../contract/documented-drivers.js'

describe('shares', () => {
  test.each([
    [[], []],
    [
      [0, 0],
      [0, 0],
    ],
    [[100], [1]],
    [
      [1, 1, 1],
      [1, 1, 1],
    ],
    [
      [95, 5],
      [19, 1],
    ],
    [
      [99, 1],
      [99, 1],
    ],
    [
      [47.5, 47.5, 5],
      [19, 19, 2],
    ],
    [
      [0, 7],
      [0, 1],
    ],
    [
      [100_000, 1],
      [256, 1],
    ],
  ])('%j become %j', (weights, shares) => {
    expect(sharesOf(weights)).toEqual(shares)
  })

  test('any two parts in whole per cent are met within 0.1 points', () => {
    for (let part = 1; part < 100; part++) {
      const [first = 0, second = 0] = sharesOf([part, 100 - part])
      expect(Math.max(first, second)).toBeLessThanOrEqual(256)
      expect(Math.abs((100 * first) / (first + second) - part)).toBeLessThan(0.1)
    }
  })
})

test('a table of statistics with quotes and commas in it', () => {
  const rows = parseStatistics('# pxname,svname,scur,desc\nweb,slot1,3,"a, ""b"""\nweb,slot2,0,\n')
  expect(rows?.map((row) => [row.get('svname'), row.get('scur'), row.get('desc')])).toEqual([
    ['slot1', '3', 'a, "b"'],
    ['slot2', '0', ''],
  ])
  expect(parseStatistics("Can't find backend.")).toBeNull()
})

describe('server lines', () => {
  const tenant = { name: 'x', host: '::1', port: 80, weight: 1, share: 4 }

  test('only those of the backend, and what was changed once is found again', () => {
    const text = 'backend a\n server s 0.0.0.0:1 check disabled\nlisten b\n server s 0.0.0.0:1 disabled\n'
    const changed = withServers(text, 'a', { s: tenant })
    expect(changed).toBe(
      'backend a\n server s [::1]:80 check weight 4\nlisten b\n server s 0.0.0.0:1 disabled\n',
    )
    expect(withServers(changed ?? '', 'a', { s: tenant })).toBe(changed)
    expect(withServers(changed ?? '', 'a', {})).toBe(text)
  })

  test('a file without them is none of ours', () => {
    expect(withServers('backend b\n server s 0.0.0.0:1\n', 'a', {})).toBeNull()
    expect(withServers('backend a\n balance roundrobin\n', 'a', {})).toBeNull()
  })
})

test('the page of the documentation shows options that are admitted', () => {
  const shown = documentedDrivers('routers/haproxy.md')
  expect(shown).toHaveLength(2)
  for (const options of shown)
    expect(admits(haproxyDriver.schema, options), JSON.stringify(options)).toBe(true)
})

test.each([
  { type: 'haproxy', socket: '/run/a.sock' },
  { type: 'haproxy', listen: 80, socket: '/run/a.sock', backend: 'web' },
  { type: 'haproxy', listen: 80, config: 'haproxy.cfg' },
  { type: 'haproxy', socket: '/run/a.sock', backend: 'web', slots: 4 },
  { type: 'haproxy', listen: 'no port' },
])('the schema refuses what is of two kinds or of none: %j', (options) => {
  expect(admits(haproxyDriver.schema, options)).toBe(false)
})
