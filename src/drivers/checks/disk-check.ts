/** The check `disk`: a file system has room left, for data and for file names. */
import { resolve } from 'node:path'
import { statfs } from 'node:fs/promises'
import type { DriverSpec } from '../../model/spec.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer } from '../../model/health-check.js'
import type { Ports } from '../../model/ports.js'
import type { Threshold } from './threshold.js'
import { excerpt, probeUntilAborted, unhealthy } from './answer.js'
import { systemCodeOf } from '../../base/deploy-error.js'
import { thresholdOf, thresholdPattern } from './threshold.js'

const defaultPath = '.'

interface DiskOptions {
  readonly path?: string
  readonly minFree: string
}

export const diskCheck = {
  type: 'disk',
  schema: {
    type: 'object',
    description: 'Healthy when the file system of a path has at least this much room.',
    properties: {
      type: { const: 'disk', description: 'The kind of check.', examples: ['disk'] },
      path: {
        type: 'string',
        minLength: 1,
        default: defaultPath,
        description: 'Any path on the file system; a relative one starts at the folder of deploy.yaml.',
        examples: ['/srv', '/var/lib/shop'],
      },
      minFree: {
        type: 'string',
        pattern: thresholdPattern,
        description: 'Room for ordinary users that must be left: a size, or a percentage as df counts it.',
        examples: ['2GiB', '10%'],
      },
    },
    required: ['type', 'minFree'],
    additionalProperties: false,
  },
  create(spec: DriverSpec, ports: Ports): HealthCheck {
    const options = spec as unknown as DiskOptions // the schema above admits nothing else
    const path = resolve(ports.projectDirectory, options.path ?? defaultPath)
    const threshold = thresholdOf('minFree', options.minFree)
    return {
      probe: (_place, signal) =>
        probeUntilAborted(
          ports.clock,
          signal,
          (waited) => `the file system of ${path} gave no answer within ${waited}: is a network disk gone?`,
          () => measure(path, threshold),
        ),
    }
  },
} as const satisfies HealthCheckDriver

async function measure(path: string, threshold: Threshold): Promise<ProbeAnswer> {
  try {
    const disk = await statfs(path)
    // Some file systems make inodes as they need them and count none.
    if (disk.files > 0 && disk.ffree === 0) {
      return unhealthy(`the file system of ${path} has no inodes left, so no file can be made there`)
    }
    const available = disk.bavail * disk.bsize
    const used = (disk.blocks - disk.bfree) * disk.bsize
    return threshold.judge(`${path} has`, available, used + available)
  } catch (error) {
    return unhealthy(troubleWith(path, error))
  }
}

function troubleWith(path: string, error: unknown): string {
  const code = systemCodeOf(error)
  if (code === 'ENOENT') return `${path} does not exist`
  if (code === 'EACCES') return `${path} may not be looked at (permission denied)`
  return `${path} could not be looked at: ${excerpt(String(error))}`
}
