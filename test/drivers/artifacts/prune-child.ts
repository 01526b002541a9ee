/** A process that removes everything from a cache: `prune-child.ts CACHE`. It says when it begins. */
import { createCache } from '../../../src/drivers/artifacts/cache-upkeep.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'

const [directory = ''] = process.argv.slice(2)
console.log('pruning')
const cache = createCache({ directory, clock: systemClock, pid: process.pid })
await cache.prune({ maxBytes: 0, maxAgeMs: 0 }, new Set(), new AbortController().signal)
