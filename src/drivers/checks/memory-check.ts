/** The check `memory`: the machine has memory left that programs can have without swapping. */
import { freemem, totalmem } from 'node:os'
import { readFile } from 'node:fs/promises'
import type { DriverSpec } from '../../model/spec.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer } from '../../model/health-check.js'
import type { Ports } from '../../model/ports.js'
import { probeUntilAborted, unhealthy } from './answer.js'
import { askHost, isElsewhere } from './ask-host.js'
import { thresholdOf, thresholdPattern, type Threshold } from './threshold.js'

interface MemoryOptions {
  readonly minAvailable: string
}

export interface Memory {
  readonly availableBytes: number
  readonly totalBytes: number
}

export const memoryCheck = {
  type: 'memory',
  schema: {
    type: 'object',
    description: 'Healthy when the machine has at least this much memory available.',
    properties: {
      type: { const: 'memory', description: 'The kind of check.', examples: ['memory'] },
      minAvailable: {
        type: 'string',
        pattern: thresholdPattern,
        description: 'Memory that must be available: a size, or a percentage of all.',
        examples: ['512MiB', '10%'],
      },
    },
    required: ['type', 'minAvailable'],
    additionalProperties: false,
  },
  create(spec: DriverSpec, ports: Ports): HealthCheck {
    const options = spec as unknown as MemoryOptions // the schema above admits nothing else
    const threshold = thresholdOf('minAvailable', options.minAvailable)
    return {
      probe: (place, signal) =>
        isElsewhere(place)
          ? askHost(place, { script: 'cat /proc/meminfo', about: 'the free memory' }, signal, ({ stdout }) =>
              judge(parseMeminfo(stdout), threshold),
            )
          : probeUntilAborted(
              ports.clock,
              signal,
              (waited) => `the free memory could not be read within ${waited}`,
              async () => judge(await readMemory(), threshold),
            ),
    }
  },
} as const satisfies HealthCheckDriver

function judge(memory: Memory | null, threshold: Threshold): ProbeAnswer {
  return memory === null
    ? unhealthy('the free memory could not be read: its /proc/meminfo does not tell')
    : threshold.judge('memory:', memory.availableBytes, memory.totalBytes)
}

/** MemAvailable where the kernel tells it: it counts what caches would give back, which "free" does not. */
async function readMemory(): Promise<Memory> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '')
  return parseMeminfo(text) ?? { availableBytes: freemem(), totalBytes: totalmem() }
}

/** What /proc/meminfo says, or null when it is missing or says neither. */
export function parseMeminfo(text: string): Memory | null {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]
  const total = /^MemTotal:\s+(\d+) kB$/m.exec(text)?.[1]
  if (available === undefined || total === undefined) return null
  return { availableBytes: Number(available) * 1024, totalBytes: Number(total) * 1024 }
}
