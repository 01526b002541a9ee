/** What is meant where deploy.yaml says nothing. The schema's `default`s are for editors and held to these by a test. */
import { weekdays } from '../model/agent.js'

export const defaultState = { type: 'local', path: '.deployctl' } as const
export const defaultStrategy = { type: 'rolling' } as const
export const defaultParallelism = 10
export const checkDefaults = { interval: '1s', timeout: '5s', healthyAfter: 1, deadline: '1m' } as const
export const hookTimeout = '10m'
export const notifierEvents = [
  'waiting',
  'succeeded',
  'failed',
  'rolledBack',
  'stuck',
  'available',
  'drift',
] as const
export const cacheDefaults = { maxSize: '5GiB', maxAge: '30d' } as const
export const policyDefaults = {
  version: 'latest',
  scheme: 'semver',
  prerelease: false,
  minAge: '0',
  deny: [],
  allowDowngrade: false,
} as const
export const gracePeriod = '30m'
/** How often a source is asked; a registry of images counts its requests. */
export const pollIntervals: { readonly [sourceType: string]: string } = { oci: '30s' }
export const agentDefaults = {
  mode: 'auto',
  interval: '10s',
  repair: 'auto',
  recover: 'resume',
  retry: { tries: 3, delay: '5m' },
  window: { days: weekdays, from: '00:00', to: '24:00', timeZone: 'UTC' },
  http: { host: '127.0.0.1', port: 9180 },
  waves: { maxParallel: 1, canaries: [], soak: '0', expiry: '1m' },
} as const

export const sshDefaults = { connectTimeout: '10s', keepAlive: '10s', startsAtOnce: 8 } as const

export const inventoryTimeout = '30s'
