import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DeliveryRefused } from '../../../src/model/notifier.js'
import { DeployError } from '../../../src/base/deploy-error.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { failed } from '../../contract/notifier.contract.js'
import { serveHttp, type Loopback } from '../../contract/loopback.js'
import { slackMessage } from '../../../src/drivers/notifiers/slack-message.js'
import { slackNotifier } from '../../../src/drivers/notifiers/slack-notifier.js'

let ports: DriverPorts
let server: Loopback
let body = ''
let answer: { status: number; text: string; headers?: Record<string, string> }

beforeEach(async () => {
  ports = await driverPorts()
  answer = { status: 200, text: 'ok' }
  server = await serveHttp((request, response) => {
    void text(request).then((sent) => {
      body = sent
      response.writeHead(answer.status, answer.headers ?? {}).end(answer.text)
    })
  })
})
afterEach(async () => {
  await server.close()
  await ports.remove()
})

const notify = () =>
  slackNotifier
    .create({ type: 'slack', url: `http://127.0.0.1:${server.port}/services/T0/B0/x` }, ports)
    .notify(failed, new AbortController().signal)

async function failureOf(): Promise<DeployError> {
  const error = await notify().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DeployError)
  return error as DeployError // as was just seen
}

test('the message is posted', async () => {
  await notify()
  expect(JSON.parse(body)).toEqual(slackMessage(failed))
})

test.each([
  [404, 'no_service', /switched off or removed/],
  [403, 'invalid_token', /copy it again/],
  [410, 'channel_is_archived', /is archived/],
  [400, 'something_else', undefined],
])('%d %s', async (status, word, hint) => {
  answer = { status, text: word }
  const error = await failureOf()
  expect(error.message).toBe(`http://127.0.0.1:${server.port} answered ${status} "${word}"`)
  if (hint === undefined) expect(error.hint).toBeUndefined()
  else expect(error.hint).toMatch(hint)
  expect(error.cause).toMatchObject({ retry: 'never' })
})

test('an answer of 200 that is not ok is a failure as well', async () => {
  answer = { status: 200, text: '<html>Sign in</html>' }
  const error = await failureOf()
  expect(error.message).toMatch(/answered 200, but not "ok": "Sign in"$/)
  expect(error.hint).toMatch(/The kind webhook posts JSON/)
})

test('a limit on the rate says how long to wait', async () => {
  answer = { status: 429, text: 'rate_limited', headers: { 'retry-after': '30' } }
  expect((await failureOf()).cause).toEqual(new DeliveryRefused('status 429', 'later', 30_000))
})
