/** What the measurement of unpacking runs as a process of its own: `URL DIGEST FOLDER` → obtained, verified, unpacked. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createArtifacts } from '../src/drivers/artifacts/artifact-cache.js'
import { download } from '../src/drivers/artifacts/download.js'
import { unpack } from '../src/drivers/artifacts/unpack.js'
import { systemClock } from '../src/drivers/system/system-clock.js'
import type { Source } from '../src/model/source.js'

const [url = '', digest = '', folder = ''] = process.argv.slice(2)
const signal = new AbortController().signal
const source: Source = {
  versions: () => Promise.resolve([]),
  resolve: () => Promise.reject(new Error('not asked for')),
  async fetch(release, context) {
    await download({ url, ...context, clock: systemClock })
    return { kind: 'archive', path: context.file, name: release.artifact.name }
  },
}
const cache = { directory: join(folder, 'cache'), source: () => source, clock: systemClock, pid: process.pid }
const name = new URL(url).pathname.slice(1)
const release = {
  source: 'bench',
  version: '1',
  digest,
  artifact: { kind: 'archive', name, location: url },
} as const

const artifact = await createArtifacts(cache).obtain(release, { type: 'bench' }, () => undefined, signal)
const destination = join(folder, 'unpacked')
mkdirSync(destination)
await unpack(artifact, destination, { signal })
console.log(process.resourceUsage().maxRSS * 1024)
