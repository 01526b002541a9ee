/**
 * The ways in which a new release can fail, as images and settings of a container: for each what is in the message or
 * in the last log lines that a user must be shown.
 */
import { probeHealthcheck, type AppParts } from './app-image.js'

export interface FailingImage {
  readonly title: string
  /** What the image says and does; the version is the test's. */
  readonly parts: Omit<AppParts, 'version'>
  /** How much memory the container gets. */
  readonly memoryBytes?: number
  /** The exit code of the container; `null` while it runs. */
  readonly exitCode: number | null
  /** Words from the app, the engine or the check's answer. */
  readonly says: string
  /** Whether a check before any traffic can see it; otherwise only watching after the switch does. */
  readonly shows: 'at once' | 'after a while'
}

/** Seconds after which those that fail later do. */
const later = '4'

export const failingImages: readonly FailingImage[] = [
  {
    title: 'its check answers 500',
    parts: { env: { APP_HEALTH: 'fail', APP_HEALTH_SAYS: 'db: connection refused' } },
    exitCode: null,
    says: 'db: connection refused',
    shows: 'at once',
  },
  {
    title: 'its HEALTHCHECK fails',
    parts: {
      env: { APP_HEALTH: 'fail', APP_HEALTH_SAYS: 'queue: no such host' },
      healthcheck: probeHealthcheck,
    },
    exitCode: null,
    says: 'queue: no such host',
    shows: 'at once',
  },
  {
    title: 'it ends at once',
    parts: { env: { APP_EXIT_AT_ONCE: 'FATAL could not reach db:5432', APP_LINES: '60' } },
    exitCode: 1,
    says: 'FATAL could not reach db:5432',
    shows: 'at once',
  },
  {
    title: 'its program is not there',
    parts: { command: ['/no-such-program'] },
    exitCode: 127,
    says: 'no-such-program',
    shows: 'at once',
  },
  {
    title: 'it never listens',
    parts: { env: { APP_READY_AFTER: '3600' } },
    exitCode: null,
    says: 'refused',
    shows: 'at once',
  },
  {
    title: 'it takes more memory than it gets',
    parts: { env: { APP_EAT_MIB: '256' } },
    memoryBytes: 32 * 1024 * 1024,
    exitCode: 137,
    says: 'memory',
    shows: 'at once',
  },
  {
    title: 'it crashes later',
    parts: { env: { APP_CRASH_AFTER: later } },
    exitCode: 3,
    says: 'FATAL crashed as told',
    shows: 'after a while',
  },
  {
    title: 'its check fails later',
    parts: { env: { APP_HEALTH_FAILS_AFTER: later, APP_HEALTH_SAYS: 'out of file descriptors' } },
    exitCode: null,
    says: 'out of file descriptors',
    shows: 'after a while',
  },
]
