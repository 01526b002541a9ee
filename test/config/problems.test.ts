import { describe, expect, test } from 'vitest'
import { loadText, problemsIn, linesOf, smallest } from './support/load-text.js'

/** Lines added to the smallest file begin at line 7. */
async function added(lines: string): Promise<readonly string[]> {
  return problemsIn(`${smallest}${lines}`)
}

describe('keys', () => {
  test('that are not known, with the one that was probably meant', async () => {
    expect(await added('servces: {}\n')).toEqual([
      '7:1 the file has no key "servces" | Did you mean "services"?',
    ])
    expect(await added('  api: { sorce: web, target: { type: directory, path: /a, pth: 1 } }\n')).toEqual([
      '7:10 services.api has no key "sorce" | Did you mean "source"?',
      expect.stringMatching(/^7:59 services\.api\.target has no key "pth" \| Did you mean "path"\?$/),
    ])
    expect(
      await added('  api: { source: web, target: { type: directory, path: /a }, zzzzzzzzzz: 1 }\n'),
    ).toEqual([
      '7:62 services.api has no key "zzzzzzzzzz" | Its keys are source, version, scheme, prerelease, minAge, deny, allowDowngrade, dependsOn, target, strategy, healthChecks.',
    ])
  })

  test('that are missing, with what they are for', async () => {
    expect(await added('  api: { target: { type: directory } }\n')).toEqual([
      '7:3 services.api needs the key "source" | The name of the source its releases come from. For example: api.',
      expect.stringMatching(/^7:10 services\.api\.target needs the key "path" \| .+/),
    ])
    expect(await added('notifiers: { team: { url: x } }\n')).toEqual([
      '7:14 notifiers.team needs the key "type": one of command, slack, webhook',
    ])
    expect(await problemsIn('project: shop\n')).toEqual([
      expect.stringMatching(/^1:1 the file needs the key "version"/),
      expect.stringMatching(/^1:1 the file needs the key "services"/),
    ])
  })

  test('that are names', async () => {
    expect(await added('  Api_1: { source: web, target: { type: directory, path: /a } }\n')).toEqual([
      '7:3 services has "Api_1", which must be a name in lower-case letters, digits and dashes, such as shop-api',
    ])
    expect(await problemsIn(smallest.replace('shop', 'My Shop'))).toEqual([
      '2:10 project must be a name in lower-case letters, digits and dashes, such as shop-api, not "My Shop" | The name of the project. For example: shop.',
    ])
  })
})

describe('values', () => {
  test('of the wrong type', async () => {
    expect(await added('parallelism: many\n')).toEqual([
      '7:14 parallelism must be a whole number, not "many" | How many steps may run at once. For example: 4.',
    ])
    expect(await added('hooks: [a]\n')).toEqual([
      expect.stringMatching(/^7:8 hooks must be a map, not a list/),
    ])
    expect(await added('  api: web\n')).toEqual([
      expect.stringMatching(/^7:8 services\.api must be a map, not "web"/),
    ])
  })

  test('that YAML read as numbers are to be quoted as they were written', async () => {
    expect(await problemsIn(smallest.replace('source: web,', 'source: web, version: 1.10,'))).toEqual([
      '6:32 services.web.version must be text, not 1.1 | Write it in quotes: "1.10".',
    ])
  })

  test('of a list of words', async () => {
    expect(await added('onFailure: servce\n')).toEqual([
      '7:12 onFailure must be one of deployment, service, not "servce" | Did you mean "service"?',
    ])
    expect(await problemsIn(smallest.replace('version: 1', 'version: 2'))).toEqual([
      '1:10 version must be 1, not 2 | The version of this format: 1. For example: 1.',
    ])
    expect(await problemsIn(smallest.replace('type: directory, path: releases', 'type: directry'))).toEqual([
      expect.stringMatching(
        /^4:16 sources\.web\.type must be one of directory, .*, not "directry" \| Did you mean "directory"\?$/,
      ),
    ])
  })

  test('with a unit', async () => {
    expect(await added('hooks: { a: { when: afterDeploy, run: [a], timeout: 30 } }\n')).toEqual([
      '7:53 hooks.a.timeout must be a duration such as 30s, 5m or 1h30m, not 30 | Add the unit: 30s, 30m or 30ms.',
    ])
    expect(await added('hooks: { a: { when: afterDeploy, run: [a], timeout: soon } }\n')).toEqual([
      expect.stringMatching(
        /^7:53 hooks\.a\.timeout must be a duration such as 30s, 5m or 1h30m, not "soon"/,
      ),
    ])
  })

  test('of which one kind or another is admitted: what was given is judged as its kind', async () => {
    const check = (status: string) =>
      added(`healthChecks: { a: { type: http, url: http://x, status: ${status} } }\n`)
    expect(await check('[]')).toEqual([
      expect.stringMatching(/^7:57 healthChecks\.a\.status may not be an empty list/),
    ])
    expect(await check('true')).toEqual([
      expect.stringMatching(/^7:57 healthChecks\.a\.status must be a whole number, .* or a list, not true/),
    ])
    expect(await added('hooks: { a: { when: afterDeploy, run: [a], revert: { run: [] } } }\n')).toEqual([
      expect.stringMatching(/^7:59 hooks\.a\.revert\.run may not be an empty list/),
    ])
  })
})

describe('names that refer to something', () => {
  test('must be declared', async () => {
    expect(
      await added(`  api:
    source: wbe
    target: { type: directory, path: /a }
    dependsOn: [wep, constructor]
    healthChecks: [redy]
healthChecks: { ready: { type: tcp, port: 1 } }
hooks: { a: { when: afterDeploy, service: appi, run: [a] } }
`),
    ).toEqual([
      '8:13 there is no source "wbe" | Did you mean "web"?',
      '10:17 there is no service "wep" | Did you mean "web"?',
      '10:22 there is no service "constructor" | Declared: web, api.',
      '11:20 there is no health check "redy" | Did you mean "ready"?',
      '13:43 there is no service "appi" | Did you mean "api"?',
    ])
  })

  test('services that wait for one another', async () => {
    const api = (depends: string) =>
      `  api: { source: web, target: { type: directory, path: /a }, dependsOn: [${depends}] }\n`
    expect(await added(api('api'))).toEqual([
      '7:74 the service "api" depends on itself | Remove one of these dependencies.',
    ])
    expect(
      await problemsIn(`${smallest.replace('source: web,', 'source: web, dependsOn: [api],')}${api('web')}`),
    ).toEqual([
      '7:74 services depend on each other in a circle: web → api → web | Remove one of these dependencies.',
    ])
  })
})

describe('keys that depend on one another', () => {
  test('a hook has one command, and one way to undo it', async () => {
    expect(
      await added(`hooks:
  none: { when: afterDeploy }
  both: { when: afterDeploy, run: [a], shell: b }
  undo: { when: afterDeploy, run: [a], revert: [b], irreversible: c }
  late: { when: onFailure, run: [a], revert: [b] }
`),
    ).toEqual([
      '8:3 hooks.none needs run or shell',
      '9:3 hooks.both has run and shell, but they exclude each other',
      '10:3 hooks.undo has revert and irreversible, but they exclude each other',
      '11:38 hooks.late: "revert" does nothing, because a hook of onFailure runs after everything was undone | Remove it.',
    ])
  })

  test('a hook runs in a release folder only where there is one', async () => {
    expect(
      await added(`hooks:
  all: { when: afterDeploy, run: [a], directory: release }
  early: { when: beforeDeploy, service: web, run: [a], directory: release }
`),
    ).toEqual([
      '8:50 hooks.all names no service, so there is no release folder to run in | Use directory: project.',
      '9:67 hooks.early: at beforeDeploy there is no release folder to run in | Use directory: project.',
    ])
  })

  test('a hook of a moment between staging and the end of a switch belongs to a service', async () => {
    expect(await added('hooks: { a: { when: beforeSwitch, run: [a] } }\n')).toEqual([
      '7:21 hooks.a: beforeSwitch is a moment of one service, and the hook names none | Add service:, or use beforeDeploy or afterDeploy.',
    ])
  })

  test('a check has time for at least one try', async () => {
    expect(await added('healthChecks: { a: { type: tcp, port: 1, timeout: 2m } }\n')).toEqual([
      '7:51 healthChecks.a: the timeout (2m) is longer than the deadline (1m) for all tries',
    ])
    expect(await added('healthChecks: { a: { type: tcp, port: 1, deadline: 2s, interval: 3s } }\n')).toEqual([
      '7:52 healthChecks.a: the timeout (5s) is longer than the deadline (2s) for all tries',
      '7:66 healthChecks.a: the interval (3s) is longer than the deadline (2s) for all tries',
    ])
  })

  test('two services do not share a place', async () => {
    expect(
      await added('  api: { source: web, target: { type: directory, path: /srv/x/..//web/ } }\n'),
    ).toEqual([
      '7:56 the services web and api have the same place: /srv/x/..//web/ | Give each its own path.',
    ])
  })

  test('a version can be had', async () => {
    const version = (text: string) =>
      problemsIn(smallest.replace('source: web,', `source: web, version: "${text}",`))
    for (const good of ['latest', '1.4.2', 'v1.4.2', '^1.4', '>=1 <2', '2024.01.02', 'build-12']) {
      expect(await version(good)).toEqual([])
    }
    expect(await version('lateset')).toEqual([
      '6:32 services.web.version: "lateset" is no version, no range and not latest | Did you mean "latest"?',
    ])
    expect(await version('>=1 <<2')).toEqual([
      '6:32 services.web.version: ">=1 <<2" is no version, no range and not latest | Write 1.4.2, ^1.4, ">=1.2 <2" or latest.',
    ])
  })
})

describe('all at once', () => {
  test('text, references, schema and rules, in the order of the file', async () => {
    const lines = await added(`  web: {}
  api: { source: nope, target: { type: directory, path: "\${var.nope}" } }
parallelism: 0
parallelism: 1
`)
    expect(lines).toEqual([
      '7:3 the key "web" is written twice in this map | It is first written in line 6; keep one.',
      '8:18 there is no source "nope" | Declared: web.',
      '8:58 there is no variable "nope" | None is declared: write it below variables.',
      '9:14 parallelism must be at least 1, not 0 | How many steps may run at once. For example: 4.',
      '10:1 the key "parallelism" is written twice in this map | It is first written in line 9; keep one.',
    ])
  })

  test('a problem is shown in its lines, with a caret under it', async () => {
    const result = await loadText(smallest.replace('/srv/web', '5'))
    expect(result.ok ? [] : result.problems.map((problem) => [problem.file, ...problem.frame])).toEqual([
      [
        'deploy.yaml',
        '  4 |   web: { type: directory, path: releases }',
        '  5 | services:',
        '> 6 |   web: { source: web, target: { type: directory, path: 5 } }',
        '    |                                                        ^',
      ],
    ])
  })

  test('thousands of problems are as many problems', async () => {
    const services = Array.from(
      { length: 3000 },
      (_, index) => `  s${index}: { sorce: x, target: { type: no } }\n`,
    )
    expect(await added(services.join(''))).toHaveLength(6000)
  })
})

describe('where it was written', () => {
  test('in an environment', async () => {
    const text = `${smallest}environments:\n  one:\n    services:\n      web: { target: { keepReleases: none } }\n`
    expect(await problemsIn(text)).toEqual([
      expect.stringMatching(/^10:38 services\.web\.target\.keepReleases must be a whole number, not "none"/),
    ])
  })

  test('behind an alias and a merge key', async () => {
    const text = `version: 1
project: shop
x-target: &target { type: directory, path: 7 }
x-service: &service
  source: wbe
  prerelease: 7
sources: { web: { type: directory, path: releases } }
services:
  web: { <<: *service, target: *target }
  api: { <<: [*service], source: web, prerelease: true, target: { <<: *target, path: /a } }
`
    expect(await problemsIn(text)).toEqual([
      expect.stringMatching(/^3:44 services\.web\.target\.path must be text, not 7/),
      '5:11 there is no source "wbe" | Did you mean "web"?',
      expect.stringMatching(
        /^6:15 services\.web\.prerelease must be true, false, or the name of a channel such as beta, not 7/,
      ),
    ])
  })
})

describe('warnings', () => {
  test('what no service uses', async () => {
    const result = await loadText(
      `${smallest.replace('/srv/web }', '/srv/web }, healthChecks: []')}healthChecks: { ready: { type: tcp, port: 1 } }
environments: { default: { sources: { old: { type: directory, path: old } } } }
`,
    )
    expect(result.ok).toBe(true)
    expect(linesOf(result)).toEqual([
      '7:17 the health check "ready" is used by no service',
      '8:39 the source "old" is used by no service',
    ])
  })
})
