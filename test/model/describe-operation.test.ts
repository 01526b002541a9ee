import { expect, test } from 'vitest'
import { commandLine, describeOperation, describeRevert } from '../../src/model/describe-operation.js'
import { instanceId, type Instance } from '../../src/model/instance.js'
import type { Operation, Revert } from '../../src/model/operation.js'

const at = (version: string, host = 'local', name = version): Instance => ({
  service: 'hello',
  host,
  name,
  slot: null,
  release: {
    source: 'hello',
    version,
    digest: `sha256:${name}`,
    artifact: { kind: 'folder', name, location: '/' },
  },
  specDigest: 'sha256:0123456789',
})
const [old, next, again, far] = [
  at('1.0.0'),
  at('1.0.1'),
  at('1.0.1', 'local', '1.0.1-b'),
  at('1.0.1', 'app1'),
]
const instances = Object.fromEntries(
  [old, next, again, far].map((instance) => [instanceId(instance), instance]),
)
const [oldId, nextId, againId, farId] = [old, next, again, far].map(instanceId) as [
  string,
  string,
  string,
  string,
]
const all = (...ids: readonly string[]) => ids.map((instance) => ({ instance, weight: 1 }))
const hook = {
  verb: 'hook',
  hook: 'migrate',
  moment: 'beforeSwitch',
  undo: false,
  command: { run: ['bin/migrate', 'all tables'] },
  directory: 'release',
  env: {},
  service: 'hello',
  instance: nextId,
  previous: oldId,
} as const

test.each<[Operation, step: string, revert: string]>([
  [{ verb: 'stage', instance: nextId }, 'stage hello v1.0.1', 'stage it again'],
  [{ verb: 'stage', instance: farId }, 'stage hello v1.0.1 on app1', 'stage it again'],
  [{ verb: 'discard', instance: nextId }, 'discard hello v1.0.1', 'discard it'],
  [{ verb: 'start', instances: [nextId] }, 'start hello v1.0.1', 'start it again'],
  [{ verb: 'stop', instances: [nextId] }, 'stop hello v1.0.1', 'stop it'],
  [
    { verb: 'route', from: all(oldId), to: all(nextId) },
    'switch hello: v1.0.0 → v1.0.1',
    'switch back to v1.0.1',
  ],
  [{ verb: 'route', from: [], to: all(nextId) }, 'switch hello: nothing → v1.0.1', 'switch back to v1.0.1'],
  [{ verb: 'route', from: all(nextId), to: [] }, 'switch hello: v1.0.1 → nothing', 'switch off again'],
  [
    { verb: 'route', from: all(nextId), to: all(againId) },
    'switch hello: 1.0.1 → 1.0.1-b',
    'switch back to 1.0.1-b',
  ],
  [{ verb: 'route', from: all(nextId), to: all(nextId) }, 'switch hello: 1.0.1 again', 'switch to it again'],
  [{ verb: 'check', instances: [nextId] }, 'check hello v1.0.1', 'check it again'],
  [hook, "hook migrate: bin/migrate 'all tables'", "bin/migrate 'all tables'"],
  [{ verb: 'prune', instance: nextId, keep: ['a'] }, 'prune hello: all but 1 release', 'prune it'],
  [{ verb: 'prune', instance: nextId, keep: [] }, 'prune hello: all of its releases', 'prune it'],
])('%o', (operation, step, revert) => {
  expect(describeOperation(operation, instances)).toBe(step)
  expect(describeRevert(operation, instances)).toBe(revert)
})

test.each<[Revert, string]>([
  [{ nothing: true }, '–'],
  [{ nothing: true, because: 'what was mended stays' }, '– (what was mended stays)'],
  [{ irreversible: 'mails were sent' }, 'cannot be undone: mails were sent'],
])('%o', (revert, text) => expect(describeRevert(revert, instances)).toBe(text))

test('a command as a person would type it', () => {
  expect(commandLine({ shell: 'a && b' })).toBe('a && b')
  expect(commandLine({ run: ['echo', "it's", ''] })).toBe(`echo 'it'\\''s' ''`)
})
