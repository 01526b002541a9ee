/** Which hosts are meant, and that what fits none is never taken for all. */
import { expect, test } from 'vitest'
import { selectHosts } from '../../src/app/select-hosts.js'
import type { GroupedHost } from '../../src/model/host.js'

const host = (name: string, groups: string[], labels: Record<string, string> = {}): GroupedHost => ({
  name,
  address: name,
  user: null,
  port: null,
  labels,
  variables: {},
  groups,
})
const hosts = [
  host('web1', ['app'], { zone: 'a' }),
  host('web2', ['app'], { zone: 'b' }),
  host('db.1', ['db'], { zone: 'a' }),
]
const select = (names: string[], limit: string[]) =>
  selectHosts(hosts, { hosts: names, limit }).map(({ name }) => name)

test.each([
  [[], [], ['web1', 'web2', 'db.1']],
  [['web2'], [], ['web2']],
  [['web2', 'db.1'], ['app'], ['web2']],
  [[], ['app'], ['web1', 'web2']],
  [[], ['zone=a'], ['web1', 'db.1']],
  [[], ['web*', 'db'], ['web1', 'web2', 'db.1']],
  [[], ['db.1'], ['db.1']],
])('--host %s --limit %s', (names, limit, expected) => {
  expect(select(names, limit)).toEqual(expected)
})

test.each([
  [['web3'], [], '--host web3: no host fits. Did you mean "web1"?'],
  [['web*'], [], '--host web*: no host fits.'],
  [[], ['ap'], '--limit ap: no host fits. Did you mean "app"?'],
  [[], ['zone=c'], '--limit zone=c: no host fits.'],
  [[], ['db?1'], '--limit db?1: no host fits.'],
  [[], ['app', 'nothing'], '--limit nothing: no host fits.'],
  [['db.1'], ['app'], 'No host is in both'],
])('--host %s --limit %s is an error', (names, limit, message) => {
  expect(() => select(names, limit)).toThrow(message)
})

test('an environment without hosts says so', () => {
  expect(() => selectHosts([], { hosts: [], limit: [] })).toThrow('has no hosts')
})
