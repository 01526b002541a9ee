/** The schema of version policies, which a source has for its services and a service for itself. Data only. */
import type { JsonSchema } from '../model/schema.js'
import { channelPattern } from './name-patterns.js'

export const versionPolicySchemas = {
  version: {
    type: 'string',
    default: 'latest',
    description:
      'Which release a service gets: an exact version, a range of its scheme, or latest. The newest match wins.',
    examples: ['latest', '1.4.2', '^1.4', '>=1.2 <2', '2026.x'],
  },
  scheme: {
    type: 'string',
    default: 'semver',
    description:
      'How versions are written and ordered: semver, or a calendar format in the tokens of calver.org.',
    examples: ['YYYY.MM.MICRO', 'YY.0M.DD', 'YYYY.0M.0D-MICRO', 'semver'],
  },
  prerelease: {
    type: ['boolean', 'string'],
    pattern: channelPattern,
    default: false,
    description:
      'Whether versions such as 2.0.0-rc.1 count: true for all, or a channel such as beta for those of its name.',
    examples: [true, 'beta'],
  },
  minAge: {
    $ref: '#/$defs/duration',
    default: '0',
    description: 'How long ago a version must have been published. Until then, what runs stays.',
    examples: ['2h', '3d'],
  },
  deny: {
    type: 'array',
    items: { type: 'string' },
    uniqueItems: true,
    default: [],
    description: 'Versions that are never deployed: exact ones, and ranges.',
    examples: [['1.4.1', '>=1.2 <1.2.5']],
  },
  allowDowngrade: {
    type: 'boolean',
    default: false,
    description:
      'Whether a range may lead to an older version than the one that runs, when there is no newer match.',
    examples: [true],
  },
} as const satisfies { readonly [key: string]: JsonSchema }

/** Keys that every source has, beside those of its type. */
export const sourceKeySchemas = {
  ...versionPolicySchemas,
  gracePeriod: {
    $ref: '#/$defs/duration',
    default: '30m',
    description:
      'How long after its publication a version may be without its artifact before that is an error.',
    examples: ['30m', '2h'],
  },
} as const satisfies { readonly [key: string]: JsonSchema }
