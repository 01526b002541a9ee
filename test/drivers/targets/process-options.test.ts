/** What deploy.yaml may say of a process target, and what is refused with it. */
import { describe, expect, test } from 'vitest'
import { DeployError } from '../../../src/base/deploy-error.js'
import { readOptions } from '../../../src/drivers/targets/process/options.js'
import type { Json } from '../../../src/base/hash.js'
import { loadText, linesOf } from '../../config/support/load-text.js'

const options = (written: { readonly [option: string]: Json }) =>
  readOptions({ type: 'process', path: 'srv', command: ['app'], ...written })

test('nothing but a command: one worker without sockets, with the documented times', () => {
  expect(options({})).toEqual({
    supervisor: 'deployctl',
    command: ['app'],
    listen: [],
    workers: 1,
    env: {},
    user: null,
    workingDirectory: '.',
    umask: null,
    limits: {},
    settings: {
      stopSignal: 'TERM',
      stopTimeoutMs: 30_000,
      settleMs: 1000,
      restarts: { limit: 5, withinMs: 60_000 },
      log: { maxBytes: 10 * 2 ** 20, keep: 5 },
    },
  })
})

test('every way to write where it listens', () => {
  const listen = ['0.0.0.0:80', '[::1]:8080', 'unix:/run/a.sock', { unix: '/run/b.sock', mode: '0660' }]
  expect(options({ listen }).listen).toEqual([
    { kind: 'tcp', host: '0.0.0.0', port: 80 },
    { kind: 'tcp', host: '::1', port: 8080 },
    { kind: 'unix', path: '/run/a.sock', mode: 0o666 },
    { kind: 'unix', path: '/run/b.sock', mode: 0o660 },
  ])
})

test.each(['1.2.3:80', '0.0.0.0:0', '0.0.0.0:70000', '[1::2::3]:80'])('%s is refused', (text) => {
  expect(() => options({ listen: [text] })).toThrow(DeployError)
})

test('the same place twice is refused', () => {
  expect(() => options({ listen: ['unix:/run/a.sock', { unix: '/run/a.sock' }] })).toThrow('written twice')
})

test.each([
  [{ log: { keep: 1 } }, 'log: maxSize and keep mean nothing with supervisor: systemd'],
  [{ endWithAgent: true }, 'endWithAgent means nothing'],
  [{ listen: [1, 2, 3, 4, 5, 6, 7].map((port) => `0.0.0.0:${port}`) }, '7 addresses are too many'],
])('systemd and %j do not go together', (written, says) => {
  expect(() => options({ ...written, supervisor: 'systemd' })).toThrow(says)
})

describe('strategies', () => {
  const problems = async (strategy: string) => {
    const text = `version: 1
project: shop
sources: { api: { type: directory, path: releases } }
services:
  api:
    source: api
    target: { type: process, path: srv, command: [app] }
    strategy: ${strategy}
`
    const result = await loadText(text)
    return result.ok ? [] : linesOf(result)
  }

  test.each(['{ type: recreate }', '{ type: blue-green, minHealthyTime: 10s }', '{ type: rolling }'])(
    '%s is for it',
    async (strategy) => {
      expect(await problems(strategy)).toEqual([])
    },
  )

  test('nothing divides its traffic, and nothing without sockets stays warm', async () => {
    expect((await problems('{ type: canary, steps: [{ weight: 5 }] }')).join()).toContain(
      'the strategy canary divides the traffic, which the target process cannot',
    )
    expect((await problems('{ type: blue-green, keepWarm: 5m }')).join()).toContain(
      'has no option keepWarm on the target process',
    )
  })
})
