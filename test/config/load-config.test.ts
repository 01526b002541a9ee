import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { parseDuration } from '../../src/base/duration.js'
import { agentOf } from '../support/memory-world.js'
import { policyOf } from '../support/version-policy.js'
import { loadValid, problemsIn, smallest } from './support/load-text.js'

describe('a small deploy.yaml', () => {
  test('says little and means much', async () => {
    const { config, environments, warnings } = await loadValid(smallest)
    expect(config).toEqual({
      project: 'shop',
      environment: 'default',
      state: { type: 'local', path: '.deployctl' },
      sources: { web: { type: 'directory', path: 'releases' } },
      services: {
        web: {
          name: 'web',
          source: 'web',
          policy: policyOf(),
          gracePeriodMs: 1_800_000,
          dependsOn: [],
          target: { type: 'directory', path: '/srv/web' },
          hosts: [],
          strategy: { type: 'rolling' },
          checks: [],
        },
      },
      hooks: [],
      notifiers: [],
      hosts: {},
      ssh: { config: null, connectTimeoutMs: 10_000, keepAliveMs: 10_000, startsAtOnce: 8 },
      secrets: {},
      agent: agentOf({ intervalsMs: { web: 10_000 } }),
      parallelism: 10,
      cache: { maxBytes: 5 * 2 ** 30, maxAgeMs: 30 * 86_400_000 },
      onFailure: 'deployment',
    })
    expect(environments).toEqual(['default'])
    expect(warnings).toEqual([])
  })

  test('services may be none: that removes what was deployed', async () => {
    const { config } = await loadValid('version: 1\nproject: shop\nservices: {}\n')
    expect(config.services).toEqual({})
  })

  test('the digest is of what is meant, not of how it is written', async () => {
    const plain = await loadValid(smallest)
    const commented = await loadValid(`# hello\n${smallest}parallelism: 10\n`)
    expect(commented.configDigest).toBe(plain.configDigest)
    const other = await loadValid(`${smallest}parallelism: 9\n`)
    expect(other.configDigest).not.toBe(plain.configDigest)
  })
})

describe('environments', () => {
  const two = `${smallest}environments:
  staging: { parallelism: 2 }
  production:
    variables: { domain: shop.test }
    services: { web: { version: ^1.4, target: { keepReleases: 3 } } }
`
  test('the one that was asked for is merged over the project', async () => {
    const { config, merged, environments } = await loadValid(two, { environment: 'production' })
    expect(config.environment).toBe('production')
    expect(config.services['web']?.policy.version).toBe('^1.4')
    expect(config.services['web']?.target).toEqual({ type: 'directory', path: '/srv/web', keepReleases: 3 })
    expect(merged).not.toHaveProperty('environments')
    expect(environments).toEqual(['staging', 'production'])
  })

  test('without a word, the default one; then the only one; else the choice is left to the person', async () => {
    expect((await loadValid(`${two}defaultEnvironment: staging\n`)).config.environment).toBe('staging')
    expect((await loadValid(`${smallest}environments: { only: {} }\n`)).config.environment).toBe('only')
    expect((await loadValid(smallest, { environment: 'default' })).config.environment).toBe('default')
    expect(await problemsIn(two)).toEqual([
      '7:1 which environment? There are staging, production, and no defaultEnvironment | Choose one with --env NAME, or write defaultEnvironment: NAME.',
    ])
  })

  test('one that is not declared', async () => {
    expect(await problemsIn(two, { environment: 'prodution' })).toEqual([
      '7:1 there is no environment "prodution" | Did you mean "production"?',
    ])
    expect(await problemsIn(`${two}defaultEnvironment: prod\n`)).toEqual([
      '12:21 defaultEnvironment: there is no environment "prod" | There are staging, production.',
    ])
    expect(await problemsIn(smallest, { environment: 'staging' })).toEqual([
      '1:1 there is no environment "staging": the file declares none, and is the environment "default" as it is | There is default.',
    ])
  })

  test('null removes, lists are replaced, and keys stay where they were', async () => {
    const text = `${smallest}healthChecks:
  a: { type: tcp, port: 1 }
  b: { type: tcp, port: 2 }
environments:
  one: { healthChecks: { a: null }, services: { web: { target: { shared: [b/] } } } }
`
    const withList = text.replace('path: /srv/web', 'path: /srv/web, shared: [a/, c/]')
    const { config } = await loadValid(withList)
    expect(config.services['web']?.checks.map((check) => check.name)).toEqual(['b'])
    expect(config.services['web']?.target['shared']).toEqual(['b/'])
  })

  test('a required key that an environment removes is missing there', async () => {
    expect(
      await problemsIn(`${smallest}environments:\n  one:\n    services: { web: { source: null } }\n`),
    ).toEqual([
      '9:24 services.web needs the key "source" | The name of the source its releases come from. For example: api.',
    ])
  })

  test('what the project has to say, an environment may say as well', async () => {
    const text = 'version: 1\nproject: shop\nenvironments:\n  one:\n    services: {}\n'
    expect((await loadValid(text)).config.services).toEqual({})
  })

  test('what is the same everywhere cannot be overridden', async () => {
    expect(
      await problemsIn(`${smallest}environments: { one: { project: other }, Two: {}, three: 3 }\n`),
    ).toEqual([
      '7:24 environments.one: "project" is the same in every environment | Write it at the top of the file.',
      '7:42 environments has "Two", which must be a name in lower-case letters, digits and dashes, such as shop-api',
      '7:58 environments.three must be a map of overrides, not 3',
    ])
  })
})

describe('health checks', () => {
  const checks = `healthChecks:
  ready: { type: http, url: "http://localhost:8080/\${service.name}/\${release.version}", timeout: 500ms, interval: 1m, deadline: 1h30m, healthyAfter: 3 }
  port: { type: tcp, port: 8080 }
`
  test('are put to every service, or to those that name them, with the service filled in', async () => {
    const { config } =
      await loadValid(`${smallest}  api: { source: web, target: { type: directory, path: /srv/api }, healthChecks: [port] }
  job: { source: web, target: { type: directory, path: /srv/job }, healthChecks: [] }
${checks}`)
    expect(config.services['web']?.checks).toEqual([
      {
        name: 'ready',
        probe: { type: 'http', url: 'http://localhost:8080/web/${release.version}' },
        intervalMs: 60_000,
        timeoutMs: 500,
        healthyAfter: 3,
        deadlineMs: 5_400_000,
      },
      {
        name: 'port',
        probe: { type: 'tcp', port: 8080 },
        intervalMs: 1000,
        timeoutMs: 5000,
        healthyAfter: 1,
        deadlineMs: 60_000,
      },
    ])
    expect(config.services['api']?.checks.map((check) => check.name)).toEqual(['port'])
    expect(config.services['job']?.checks).toEqual([])
  })
})

describe('hooks', () => {
  test('in the order written, with their defaults', async () => {
    const { config } = await loadValid(`${smallest}hooks:
  migrate: { when: beforeStart, service: web, run: [bin/migrate, up], revert: [bin/migrate, down] }
  announce: { when: afterDeploy, shell: "echo done", irreversible: mail is sent, onFailure: continue, timeout: 5s }
  seed: { when: beforeDeploy, service: web, run: [seed], revert: { shell: unseed }, env: { A: "\${secret.A}" } }
  warm: { when: afterSwitch, service: web, run: [warm], directory: project }
  tell: { when: onFailure, service: web, run: [tell] }
`)
    expect(config.hooks[0]).toEqual({
      name: 'migrate',
      when: 'beforeStart',
      service: 'web',
      command: { run: ['bin/migrate', 'up'] },
      revert: { run: ['bin/migrate', 'down'] },
      timeoutMs: 600_000,
      onFailure: 'abort',
      directory: 'release',
      env: {},
      at: 'host',
      each: 'deployment',
      become: null,
    })
    expect(config.hooks[1]).toMatchObject({
      service: null,
      command: { shell: 'echo done' },
      revert: { irreversible: 'mail is sent' },
      timeoutMs: 5000,
      onFailure: 'continue',
      directory: 'project',
    })
    expect(config.hooks[2]).toMatchObject({
      revert: { shell: 'unseed' },
      directory: 'project',
      env: { A: '${secret.A}' },
    })
    expect(config.hooks[3]?.directory).toBe('project')
    expect(config.hooks[4]).toMatchObject({ directory: 'project', revert: { nothing: true } })
  })
})

describe('notifiers and secrets', () => {
  test("events are the engine's, options the driver's", async () => {
    const { config } = await loadValid(`${smallest}notifiers:
  team: { type: slack, url: "\${secret.SLACK}", events: [failed] }
  all: { type: command, run: [notify] }
secrets:
  SLACK: { type: file, path: /run/secrets/slack }
`)
    expect(config.notifiers).toEqual([
      { name: 'team', driver: { type: 'slack', url: '${secret.SLACK}' }, events: ['failed'] },
      {
        name: 'all',
        driver: { type: 'command', run: ['notify'] },
        events: ['waiting', 'succeeded', 'failed', 'rolledBack', 'stuck', 'available', 'drift'],
      },
    ])
    expect(config.secrets).toEqual({ SLACK: { type: 'file', path: '/run/secrets/slack' } })
  })
})

describe('keys that begin with x-', () => {
  test('are free wherever the keys are known, and never reach a driver', async () => {
    const { config, merged } = await loadValid(`x-note: [anything, "\${no.reference}"]
${smallest.replace('type: directory, path: releases', 'type: directory, path: releases, x-why: { a: 1 }')}
  x-template: nothing
healthChecks:
  ready: { type: http, url: http://localhost, headers: { x-api-key: one }, x-old: 1 }
`)
    expect(config.sources).toEqual({ web: { type: 'directory', path: 'releases' } })
    expect(Object.keys(config.services)).toEqual(['web'])
    expect(config.services['web']?.checks[0]?.probe).toEqual({
      type: 'http',
      url: 'http://localhost',
      headers: { 'x-api-key': 'one' },
    })
    expect(merged).not.toHaveProperty('x-note')
  })
})

test('a duration means the same in the file and in the config', async () => {
  const units = fc.constantFrom('ms', 's', 'm', 'h', 'd')
  const duration = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 5000 }), units), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.map(([amount, unit]) => `${amount}${unit}`).join(''))
  await fc.assert(
    fc.asyncProperty(duration, async (text) => {
      const { config } = await loadValid(
        `${smallest}hooks:\n  one: { when: afterDeploy, run: [a], timeout: ${text} }\n`,
      )
      expect(config.hooks[0]?.timeoutMs).toBe(parseDuration(text))
    }),
    { numRuns: 30 },
  )
})
