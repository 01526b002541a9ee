/** What is made of a version whose tag names other content than when it was deployed. */
import { expect, test } from 'vitest'
import { retagNotices } from '../../src/app/retagged.js'
import { DeployError } from '../../src/base/deploy-error.js'
import type { Release } from '../../src/model/release.js'
import type { RecordedService } from '../../src/model/state.js'

const release = (version: string, content: string, source = 'main'): Release => ({
  source,
  version,
  digest: `sha256:${content.repeat(8)}`,
  artifact: { kind: 'archive', name: version, location: version },
})
const deployed = (of: Release) => ({
  release: of,
  spec: { target: { type: 'running' }, checks: [] },
  instances: [],
  at: '2026-02-01T00:00:00Z',
  deployment: '1',
})
const recorded: RecordedService = {
  active: deployed(release('1.1.0', 'b')),
  previous: [deployed(release('1.0.0', 'a'))],
  holds: [],
  pin: null,
}
const notices = (now: Release, retag?: 'redeploy' | 'warn' | 'refuse') =>
  retagNotices(now, recorded, retag === undefined ? {} : { retag }, 'web').map(({ message }) => message)
const moved = /^web v1\.[01]\.0 names other content than when it was deployed \([ab]{8} → c{8}\)$/

test.each(['1.1.0', '1.0.0'])('%s, moved: redeployed, told, or refused, as the source says', (version) => {
  const now = release(version, 'c')
  expect(notices(now)).toEqual([])
  expect(notices(now, 'redeploy')).toEqual([])
  expect(notices(now, 'warn')).toEqual([expect.stringMatching(moved)])
  const refuse = () => notices(now, 'refuse')
  expect(refuse).toThrow(DeployError)
  expect(refuse).toThrow(moved)
})

test('what was not deployed, is the same, or comes from another source, is no matter', () => {
  for (const now of [release('1.1.0', 'b'), release('1.2.0', 'c'), release('1.1.0', 'c', 'other')]) {
    expect(notices(now, 'refuse')).toEqual([])
  }
  expect(retagNotices(release('1.1.0', 'c'), undefined, { retag: 'refuse' }, 'web')).toEqual([])
})
