/** Hosts in deploy.yaml: every way to write one, and what makes no sense. */
import { describe, expect, test } from 'vitest'
import { loadValid, problemsIn, smallest } from './support/load-text.js'

const hostsOf = async (text: string) => (await loadValid(`${smallest}${text}`)).config.hosts
const problems = (text: string) => problemsIn(`${smallest}${text}`)
const plain = { user: null, port: null, labels: {}, variables: {} }

describe('a host', () => {
  test('is written as one would give it to ssh', async () => {
    expect(
      await hostsOf('hosts: { app: [web1, deploy@10.0.0.5, "deploy@10.0.0.6:2222", "[2001:db8::1]:22"] }'),
    ).toEqual({
      app: {
        kind: 'listed',
        hosts: [
          { ...plain, name: 'web1', address: 'web1' },
          { ...plain, name: '10.0.0.5', address: '10.0.0.5', user: 'deploy' },
          { ...plain, name: '10.0.0.6:2222', address: '10.0.0.6', user: 'deploy', port: 2222 },
          { ...plain, name: '[2001:db8::1]:22', address: '2001:db8::1', port: 22 },
        ],
      },
    })
  })

  test('or as a map, with labels and variables', async () => {
    const written =
      'hosts: { db: [{ name: db1, address: 10.0.0.9, port: 2222, labels: { zone: a, rack: 7 }, variables: { ROLE: primary } }] }'
    expect(await hostsOf(written)).toEqual({
      db: {
        kind: 'listed',
        hosts: [
          {
            name: 'db1',
            address: '10.0.0.9',
            user: null,
            port: 2222,
            labels: { zone: 'a', rack: '7' },
            variables: { ROLE: 'primary' },
          },
        ],
      },
    })
  })

  test('comes from a file or a command', async () => {
    expect(
      await hostsOf('hosts: { a: { file: hosts.json }, b: { command: [bin/hosts], timeout: 5s } }'),
    ).toEqual({
      a: { kind: 'file', path: 'hosts.json' },
      b: { kind: 'command', run: ['bin/hosts'], timeoutMs: 5000 },
    })
  })

  test('is another one in every environment', async () => {
    const text = `${smallest}hosts: { app: [web1] }\nenvironments: { staging: { hosts: { app: [web9] } } }\n`
    const { config } = await loadValid(text, { environment: 'staging' })
    expect(config.hosts['app']).toMatchObject({ hosts: [{ name: 'web9' }] })
  })
})

describe('what makes no sense is told', () => {
  test.each([
    ['an option instead of a host', 'hosts: { app: ["-oProxyCommand=x"] }', 'hosts.app.0'],
    ['a port that is none', 'hosts: { app: [{ address: a, port: 70000 }] }', 'port'],
    ['a key that is none', 'hosts: { app: [{ address: a, usr: b }] }', 'did you mean "user"?'],
    ['a group without hosts', 'hosts: { app: [] }', 'hosts.app'],
    ['one host twice', 'hosts: { app: [web1, web1] }', 'the host web1 stands twice in the group app'],
    [
      'one name for two hosts',
      'hosts: { app: [a@web1], db: [b@web1] }',
      'the host web1 is another one here than in the group app',
    ],
    ['no connection at once', 'ssh: { startsAtOnce: 0 }', 'ssh.startsAtOnce'],
  ])('%s', async (_, text, expected) => {
    const told = (await problems(text)).join('\n')
    expect(told.toLowerCase()).toContain(expected.toLowerCase())
  })

  test('but a host may be in several groups', async () => {
    expect(await problems('hosts: { app: [web1], all: [web1, web2] }')).toEqual([])
  })
})
