import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { admits } from '../../contract/driver-schema.js'
import { commandNotifier } from '../../../src/drivers/notifiers/command-notifier.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { failed } from '../../contract/notifier.contract.js'
import type { Notification } from '../../../src/model/notifier.js'

let ports: DriverPorts
beforeEach(async () => {
  ports = await driverPorts({ TOKEN: 'open-sesame' })
})
afterEach(() => ports.remove())

const notify = (options: Record<string, unknown>, notification: Notification = failed) =>
  commandNotifier
    .create({ type: 'command', ...options }, ports)
    .notify(notification, new AbortController().signal)

const written = (file: string) => readFile(join(ports.projectDirectory, file), 'utf8')

test('JSON on its input', async () => {
  await notify({ run: ['tee', 'received.json'] })
  expect(JSON.parse(await written('received.json'))).toEqual({
    type: 'deployctl-notification',
    format: 1,
    summary: 'shop was not deployed to production',
    ...failed,
  })
})

test('variables', async () => {
  await notify({ shell: 'env | grep ^DEPLOYCTL_ | sort > received' })
  expect((await written('received')).trimEnd().split('\n')).toEqual([
    'DEPLOYCTL_AT=2024-05-01T03:00:00.000Z',
    'DEPLOYCTL_BY=ada',
    'DEPLOYCTL_COMMAND=apply',
    'DEPLOYCTL_DEPLOYMENT_ID=7f3a9c',
    'DEPLOYCTL_DURATION_MS=31800',
    'DEPLOYCTL_ENVIRONMENT=production',
    'DEPLOYCTL_ERROR=the check "ready" failed on web: answered 500 <db> & more',
    'DEPLOYCTL_ERROR_CODE=CHECK_FAILED',
    'DEPLOYCTL_EVENT=failed',
    'DEPLOYCTL_HOST=build-1',
    'DEPLOYCTL_NOTE=',
    'DEPLOYCTL_OUTCOME=unwound',
    'DEPLOYCTL_PROJECT=shop',
    'DEPLOYCTL_SERVICES=web docs',
    'DEPLOYCTL_SUMMARY=shop was not deployed to production',
  ])
})

test('what is absent is empty, and every event has its outcome', async () => {
  const quiet = { ...failed, failure: null, durationMs: null }
  const shell = 'set -u; echo "$DEPLOYCTL_OUTCOME[$DEPLOYCTL_ERROR$DEPLOYCTL_DURATION_MS]" >> received'
  for (const event of ['started', 'succeeded', 'rolledBack', 'stuck'] as const)
    await notify({ shell }, { ...quiet, event })
  expect(await written('received')).toBe('[]\napplied[]\napplied[]\nstuck[]\n')
})

test('a command that does not read its input is none the worse, also of a long text', async () => {
  const details = Array.from(
    { length: 5000 },
    (_, index) => `line ${index} of a long story that fills every pipe`,
  )
  await notify({ run: ['true'] }, { ...failed, failure: { code: 'CHECK_FAILED', message: 'm', details } })
})

test('a failure says how it ended and its last words, without secrets', async () => {
  const env = { TOKEN: '${secret.TOKEN}' }
  await expect(notify({ shell: 'echo "no $TOKEN here" >&2; exit 7', env })).rejects.toMatchObject({
    code: 'NOTIFY_FAILED',
    message: '`echo "no $TOKEN here" >&2; exit 7` exited with 7',
    details: ['no *** here'],
  })
  await expect(notify({ shell: 'kill -9 $$' })).rejects.toThrow(/was ended by SIGKILL/)
})

test('a program that is not there is another kind of failure: trying again is useless', async () => {
  await expect(notify({ run: ['no-such-program-anywhere'] })).rejects.toMatchObject({
    code: 'COMMAND_NOT_FOUND',
  })
})

test('run and shell exclude each other', () => {
  expect(admits(commandNotifier.schema, { type: 'command', run: ['true'], shell: 'true' })).toBe(false)
})
