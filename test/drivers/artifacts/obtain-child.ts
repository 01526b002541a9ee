/** A process that obtains one artifact and says what became of it: `obtain-child.ts CACHE URL DIGEST SIZE`. */
import { createArtifacts } from '../../../src/drivers/artifacts/artifact-cache.js'
import { download } from '../../../src/drivers/artifacts/download.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import type { Source } from '../../../src/model/source.js'

const [directory = '', url = '', digest = '', size = '0'] = process.argv.slice(2)
const source: Source = {
  versions: async () => [],
  resolve: () => Promise.reject(new Error('not asked for')),
  async fetch(release, context) {
    await download({
      url,
      ...context,
      clock: systemClock,
      ...(size === '0' ? {} : { expectedSize: Number(size) }),
    })
    return { kind: 'archive', path: context.file, name: release.artifact.name }
  },
}
const artifacts = createArtifacts({ directory, source: () => source, clock: systemClock, pid: process.pid })
const artifact = {
  kind: 'archive',
  name: 'app.tgz',
  location: url,
  ...(size === '0' ? {} : { size: Number(size) }),
} as const
const release = { source: 'app', version: '1.0.0', digest, artifact }
const labels = new Set<string>()
const found = await artifacts.obtain(
  release,
  { type: 'test' },
  ({ label }) => labels.add(label),
  new AbortController().signal,
)
console.log(JSON.stringify({ path: found.path, labels: [...labels] }))
