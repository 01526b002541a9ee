/** What is meant where deploy.yaml says nothing. The schema's `default`s are for editors and held to these by a test. */
export const defaultState = { type: 'local', path: '.deployctl' } as const
export const defaultStrategy = { type: 'rolling' } as const
export const defaultParallelism = 10
export const checkDefaults = { interval: '1s', timeout: '5s', healthyAfter: 1, deadline: '1m' } as const
export const hookTimeout = '10m'
export const notifierEvents = ['succeeded', 'failed', 'rolledBack', 'stuck'] as const
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

export const sshDefaults = { connectTimeout: '10s', keepAlive: '10s', startsAtOnce: 8 } as const

export const inventoryTimeout = '30s'
