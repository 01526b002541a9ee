/** The check `disk`: a file system has room left, for data and for file names. */
import { posix, resolve } from 'node:path'
import { statfs } from 'node:fs/promises'
import type { DriverSpec } from '../../model/spec.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer, ProbePlace } from '../../model/health-check.js'
import type { Ports } from '../../model/ports.js'
import type { Threshold } from './threshold.js'
import { askHost, isElsewhere, lastWord } from './ask-host.js'
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
        description:
          'Any path on the file system; a relative one starts at the folder of deploy.yaml, on another host at that of the release.',
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
    const probeHere = (signal: AbortSignal): Promise<ProbeAnswer> =>
      probeUntilAborted(
        ports.clock,
        signal,
        (waited) => `the file system of ${path} gave no answer within ${waited}: is a network disk gone?`,
        () => measure(path, threshold),
      )
    return {
      probe: (place, signal) =>
        isElsewhere(place)
          ? measureThere(
              posix.resolve(place.folder ?? '/', options.path ?? defaultPath),
              threshold,
              place,
              signal,
            )
          : probeHere(signal),
    }
  },
} as const satisfies HealthCheckDriver

/** Sizes in KiB, then, where it is told, how many more files there may be. */
const script = `
[ -e "$P" ] || { echo "$P does not exist" >&2; exit 3; }
df -Pk -- "$P" | awk 'END { print $(NF-4), $(NF-3), $(NF-2) }'
df -Pi -- "$P" 2>/dev/null | awk 'END { print $(NF-4), $(NF-2) }'`

function measureThere(
  path: string,
  threshold: Threshold,
  place: ProbePlace,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const about = `the file system of ${path}`
  return askHost(place, { script, env: { P: path }, about }, signal, (result) => {
    if (result.exitCode !== 0) return unhealthy(lastWord(result, `${path} could not be looked at`))
    const [sizes = '', files = ''] = result.stdout.split('\n')
    const [, used = Number.NaN, available = Number.NaN] = sizes.split(' ').map(Number)
    if (Number.isNaN(used + available)) return unhealthy(`${path} could not be looked at: df said nothing`)
    if (/^[1-9]\d* 0$/.test(files)) return unhealthy(noInodes(path))
    return threshold.judge(`${path} has`, available * 1024, (used + available) * 1024)
  })
}

function noInodes(path: string): string {
  return `the file system of ${path} has no inodes left, so no file can be made there`
}

async function measure(path: string, threshold: Threshold): Promise<ProbeAnswer> {
  try {
    const disk = await statfs(path)
    // Some file systems make inodes as they need them and count none.
    if (disk.files > 0 && disk.ffree === 0) {
      return unhealthy(noInodes(path))
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
