/** Names that an engine takes, for any release; and where a container is reached, for any engine. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressIn } from '../../../src/drivers/targets/container/address-in.js'
import type { Inspected } from '../../../src/drivers/targets/container/containers.js'
import { containerName, imageTag } from '../../../src/drivers/targets/container/names.js'
import { secretArchive } from '../../../src/drivers/targets/container/secret-archive.js'
import { testScope } from '../../support/shares.js'

describe('names', () => {
  const versions = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+~-]{0,90}$/)

  test('are such that an engine takes them', () => {
    fc.assert(
      fc.property(versions, fc.option(fc.integer({ min: 1, max: 500 })), (name, slot) => {
        expect(containerName(testScope, { name, slot })).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/)
        expect(imageTag(testScope, name)).toMatch(/^deployctl\/[a-z0-9-]+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/)
      }),
    )
  })

  test('of two releases differ, also where a character had to go', () => {
    const names = ['1.0.0+a', '1.0.0-a', '1.0.0~a']
    expect(new Set(names.map((name) => imageTag(testScope, name))).size).toBe(3)
    expect(new Set(names.map((name) => containerName(testScope, { name, slot: 1 }))).size).toBe(3)
  })
})

describe('where a container is reached', () => {
  const here = { kind: 'socket', path: '/s', where: '/s', from: 'test' } as const
  const there = { kind: 'tcp', host: '10.0.0.5', port: 2376, tls: null, where: 'tcp', from: 'test' } as const
  const network = (IPAddress: string) => ({ IPAddress })
  const running = (parts: object = {}, host: object = {}) =>
    ({
      State: { Running: true },
      HostConfig: host,
      NetworkSettings: { Networks: { a: network('172.18.0.2'), b: network('172.19.0.2') }, ...parts },
    }) as unknown as Inspected // only what is looked at
  const published = { Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '32768' }] } }

  test('by its address in the first network; nowhere without a port, or when it has ended', () => {
    expect(addressIn(running(), { port: 80, networks: ['b', 'a'] }, here)).toEqual({
      host: '172.19.0.2',
      port: 80,
    })
    expect(addressIn(running(), { port: 80, networks: [] }, here)).toEqual({ host: '172.18.0.2', port: 80 })
    expect(addressIn(running(), { port: 80, networks: ['c'] }, here)).toBeNull()
    expect(addressIn(running(), { port: null, networks: [] }, here)).toBeNull()
    const ended = { ...running(), State: { Running: false } } as Inspected
    expect(addressIn(ended, { port: 80, networks: [] }, here)).toBeNull()
  })

  test('by its published port on an engine elsewhere, by the host’s address in the host’s network', () => {
    const options = { port: 80, networks: [] }
    expect(addressIn(running(published), options, there)).toEqual({ host: '10.0.0.5', port: 32768 })
    expect(addressIn(running(published), options, here)).toEqual({ host: '172.18.0.2', port: 80 })
    const inHost = running({ Networks: { host: network('') } }, { NetworkMode: 'host' })
    expect(addressIn(inHost, options, here)).toEqual({ host: '127.0.0.1', port: 80 })
    expect(addressIn(inHost, options, there)).toEqual({ host: '10.0.0.5', port: 80 })
  })
})

test('a secret’s path that the archive has no room for is an error, not another file', () => {
  const owner = { user: 0, group: 0 }
  expect(() => secretArchive([{ path: `/${'a'.repeat(101)}`, text: 'x', owner }])).toThrow(RangeError)
})
