/**
 * Tests that need a real component. `npm test` starts what it can (test/services/) and leaves addresses in the
 * environment; where one is missing the test fails in CI and is skipped elsewhere, with a title that says what to do.
 */
import { describe, test, type TestFunction } from 'vitest'

export type Component =
  | 'git'
  | 'archive-tools'
  | 'machine-tools'
  | 'signing-tools'
  | 'chromium'
  | 'tmux'
  | 'logrotate'
  | 'zsh'
  | 'fish'
  | 'docker-engine'
  | 'docker-registry'
  | 'podman'
  | 'haproxy'
  | 'npm-registry'
  | 'github-fixtures'
  | 'sshd'
  | 'ssh-hosts'
  | 'small-disk'
  | 'systemd-host'
  | 'ceph-rgw'

/** `test` for what needs a component. */
export function testWith(
  component: Component,
): (title: string, run: TestFunction, timeoutMs?: number) => void {
  const reason = missing(component)
  return (title, run, timeoutMs) => {
    if (reason === undefined) {
      test(title, { timeout: timeoutMs ?? 120_000 }, run)
    } else if (process.env['CI'] === 'true') {
      test(title, () => {
        throw new Error(`needs ${component}: ${reason}`)
      })
    } else {
      test.skip(`${title} (needs ${component}: ${reason})`, run)
    }
  }
}

/** `describe` for a whole suite that needs a component: without one there is a single test in its place. */
export function describeWith(component: Component, title: string, suite: () => void): void {
  if (missing(component) === undefined) describe(title, { timeout: 120_000 }, suite)
  else testWith(component)(title, () => undefined)
}

/** The address that the services' runner left; only inside a test of `testWith`. */
export function addressOf(component: Component): string {
  const address = process.env[variableOf(component)]
  if (address === undefined)
    throw new Error(`${component} is not there: ask for it with testWith('${component}')`)
  return address
}

function missing(component: Component): string | undefined {
  if (process.env[variableOf(component)] !== undefined) return undefined
  return process.env[`${variableOf(component)}_MISSING`] ?? 'npm test starts it'
}

function variableOf(component: Component): string {
  return `TEST_SERVICE_${component.toUpperCase().replaceAll('-', '_')}`
}
