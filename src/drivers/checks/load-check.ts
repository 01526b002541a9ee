/** The check `load`: not more processes want to run than the host can bear. */
import type { DriverSpec } from '../../model/spec.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer } from '../../model/health-check.js'
import type { CommandResult } from '../../model/shell.js'
import { healthy, unhealthy } from './answer.js'
import { askHost, lastWord } from './ask-host.js'

const windows = ['1m', '5m', '15m'] as const

interface LoadOptions {
  readonly max?: number
  readonly maxPerCore?: number
  readonly over?: (typeof windows)[number]
}

/** `uptime` where there is no /proc; its line ends with the three numbers everywhere. */
const script = `
getconf _NPROCESSORS_ONLN 2>/dev/null || nproc 2>/dev/null || grep -c '^processor' /proc/cpuinfo
if [ -r /proc/loadavg ]; then cat /proc/loadavg; else uptime | sed 's/.*load average[s]*: *//; s/,//g'; fi`

export const loadCheck = {
  type: 'load',
  schema: {
    type: 'object',
    description: 'Healthy when the load of the host is low enough.',
    properties: {
      type: { const: 'load', description: 'The kind of check.', examples: ['load'] },
      max: {
        type: 'number',
        exclusiveMinimum: 0,
        description: 'The highest load, as `uptime` shows it.',
        examples: [8],
      },
      maxPerCore: {
        type: 'number',
        exclusiveMinimum: 0,
        description: 'The same, divided by the number of cores.',
        examples: [1.5],
      },
      over: {
        enum: [...windows],
        default: '1m',
        description: 'The time that the load is an average of.',
        examples: ['5m'],
      },
    },
    required: ['type'],
    anyOf: [{ required: ['max'] }, { required: ['maxPerCore'] }],
    additionalProperties: false,
  },
  create(spec: DriverSpec): HealthCheck {
    const options = spec as unknown as LoadOptions // the schema above admits nothing else
    return {
      probe: (place, signal) =>
        askHost(place, { script, about: 'the load' }, signal, (result) => judge(options, result)),
    }
  },
} as const satisfies HealthCheckDriver

function judge({ max, maxPerCore, over = '1m' }: LoadOptions, result: CommandResult): ProbeAnswer {
  const [first = '', second = ''] = result.stdout.split('\n')
  const cores = Number(first)
  const load = Number(second.split(' ')[windows.indexOf(over)] ?? Number.NaN)
  if (!(cores > 0) || Number.isNaN(load))
    return unhealthy(`the load could not be read: ${lastWord(result, 'there is no /proc/loadavg')}`)
  const seen = `load ${load.toFixed(2)} over ${over} on ${cores} ${cores === 1 ? 'core' : 'cores'}`
  if (max !== undefined && load > max) return unhealthy(`${seen}; at most ${max} is wanted`)
  if (maxPerCore !== undefined && load > maxPerCore * cores)
    return unhealthy(`${seen}; at most ${maxPerCore} per core is wanted`)
  return healthy(seen)
}
