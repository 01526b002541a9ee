import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { piecesOf } from '../../src/config/reference.js'
import { withRelease } from '../../src/model/interpolate-release.js'
import { secretNames } from '../../src/model/secrets.js'
import { loadValid, problemsIn, smallest, type Options } from './support/load-text.js'

/** The value of a place that takes any text, may be a secret, and knows its service. */
async function inHookEnv(value: string, options: Options = {}, more = ''): Promise<string | undefined> {
  const hook = { when: 'beforeStart', service: 'web', run: ['a'], env: { A: value } }
  const { config } = await loadValid(`${smallest}hooks: ${JSON.stringify({ one: hook })}\n${more}`, options)
  return config.hooks[0]?.env['A']
}

async function inTarget(value: string, more = ''): Promise<unknown> {
  const target = { type: 'directory', path: '/srv/web', restart: { command: ['a', value] } }
  const { config } = await loadValid(`version: 1
project: shop
sources: { web: { type: directory, path: releases } }
services: ${JSON.stringify({ web: { source: 'web', target } })}
${more}`)
  return (config.services['web']?.target['restart'] as { command: readonly string[] }).command[1]
}

describe('references', () => {
  test('to variables, the process and fixed names', async () => {
    const variables =
      'variables: { domain: "shop.${environment.name}", url: "https://${var.domain}:${var.port}", port: 8080 }\n'
    expect(await inHookEnv('${var.url}/${service.name}', {}, variables)).toBe('https://shop.default:8080/web')
    expect(await inHookEnv('${project.name} ${env.HOME}', { env: { HOME: '/root' } })).toBe('shop /root')
    expect(await inHookEnv('${env.A:-a}${env.B:-b}${env.C:-}|', { env: { A: '', B: 'x' } })).toBe('ax|')
  })

  test('environments give variables other values', async () => {
    const more = 'variables: { a: 1, b: "${var.a}!" }\nenvironments: { one: { variables: { a: 2 } } }\n'
    expect(await inHookEnv('${var.b}', {}, more)).toBe('2!')
  })

  test('a value that is wholly one reference keeps its type, and fits its place', async () => {
    const more = 'variables: { many: 4, few: "${env.FEW:-3}", on: true }\n'
    const parallelism = async (text: string) =>
      (await loadValid(`${smallest}${more}parallelism: ${text}\n`)).config.parallelism
    expect(await parallelism('${var.many}')).toBe(4)
    expect(await parallelism('${var.few}')).toBe(3)
    expect(await parallelism('${env.N:-7}')).toBe(7)
    expect(await inHookEnv('${var.many}', {}, more)).toBe('4')
    expect(await inHookEnv('${var.on}', {}, more)).toBe('true')
    expect(await problemsIn(`${smallest}${more}parallelism: "1\${var.many}"\n`)).toEqual([
      expect.stringMatching(
        /^8:14 parallelism must be a whole number, not "14" \(written as 1\$\{var\.many\}\)/,
      ),
    ])
  })

  test('versions from the process stay text', async () => {
    const text = smallest.replace('source: web,', 'source: web, version: "${env.V}",')
    const { config } = await loadValid(text, { env: { V: '1.10' } })
    expect(config.services['web']?.policy.version).toBe('1.10')
  })

  test('secrets stay references, and only where they may be', async () => {
    expect(await inHookEnv('Bearer ${secret.TOKEN}')).toBe('Bearer ${secret.TOKEN}')
    expect(await inHookEnv('${var.auth}', {}, 'variables: { auth: "Bearer ${secret.TOKEN}" }\n')).toBe(
      'Bearer ${secret.TOKEN}',
    )
    const refused =
      /^\d+:\d+ \$\{secret\.X\} may not be used here: its value would reach plans, state or arguments/
    expect(
      await problemsIn(`${smallest}hooks: { a: { when: afterDeploy, run: [a, "\${secret.X}"] } }\n`),
    ).toEqual([expect.stringMatching(refused)])
    expect(await problemsIn(smallest.replace('/srv/web', '"/srv/${secret.X}"'))).toEqual([
      expect.stringMatching(refused),
    ])
  })

  test('a value from the process cannot become a reference', async () => {
    const value = '${secret.X} ${release.version}'
    const revealed = await inHookEnv('${env.EVIL}', { env: { EVIL: value } })
    expect(secretNames(revealed ?? '')).toEqual([])
  })

  test('the release stays a reference until there is one', async () => {
    const written = await inTarget('v${release.version} $${release.version} $${secret.X} $${var.x} $$')
    expect(withRelease(written, { version: '1.4.2' })).toBe(
      'v1.4.2 ${release.version} ${secret.X} ${var.x} $$',
    )
  })
})

describe('references that make no sense', () => {
  const inShell = (text: string, more = '') =>
    problemsIn(`${smallest}hooks: { a: { when: afterDeploy, shell: "${text}" } }\n${more}`)

  test('each is told, at its own place', async () => {
    expect(
      await inShell('${HOME} ${vra.x} ${var.prt} ${env.NOPE} ${var.x', 'variables: { port: 1 }\n'),
    ).toEqual([
      '7:42 ${HOME} is no reference | Did you mean ${env.HOME}? For the text itself write $${HOME}.',
      '7:50 ${vra.x} is no reference | Did you mean ${var.x}? For the text itself write $${vra.x}.',
      '7:59 there is no variable "prt" | Did you mean "port"?',
      '7:70 the variable NOPE of the process is not set | Set it, or give a default: ${env.NOPE:-default}.',
      '7:82 "${var.x" has no closing } | For the text itself write $${var.x.',
    ])
  })

  test('names that this place does not know', async () => {
    expect(await inShell('${service.name} ${release.version} ${service.nam}')).toEqual([
      '7:42 ${service.name} has no meaning here | It can be used in a service, in health checks, and in hooks that name a service.',
      '7:58 ${release.version} has no meaning here | It can be used in the target of a service and in health checks. A hook finds it in $DEPLOYCTL_VERSION.',
      '7:77 ${service.nam} is no reference | Did you mean ${service.name}? For the text itself write $${service.nam}.',
    ])
  })

  test('variables that lead back to themselves', async () => {
    expect(
      await problemsIn(
        `${smallest}variables: { a: "\${var.b}", b: "\${var.c}", c: "\${var.a}", d: "\${var.d}" }\n`,
      ),
    ).toEqual([
      expect.stringMatching(
        /^7:\d+ the variable "\w" refers to itself: (b → c → a → b|a → b → c → a|c → a → b → c)$/,
      ),
      '7:63 the variable "d" refers to itself: d → d',
    ])
  })

  test('a variable that cannot be had is told where it is written, once', async () => {
    expect(await inShell('${var.a} ${var.a}', 'variables: { a: "${env.NOPE}" }\n')).toEqual([
      '8:18 the variable NOPE of the process is not set | Set it, or give a default: ${env.NOPE:-default}.',
    ])
  })
})

/** What to write in deploy.yaml for this very text. */
function escaped(text: string): string {
  return text.split('${').join('$${')
}

const hardText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '$',
        '$$',
        '{',
        '}',
        '${',
        '$${',
        '${release.version}',
        '${secret.X}',
        '${service.name}',
        '${var.x}',
        'a',
        ' ',
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
  // a `$` right before a reference belongs to it: `$` and a literal `${` cannot be told apart from an escape
  .filter((text) => !text.includes('$${'))

describe('laws', () => {
  test('escaping a text gives back the text', () => {
    fc.assert(
      fc.property(hardText, (text) => {
        const pieces = piecesOf(escaped(text))
        expect(pieces.map((piece) => (typeof piece === 'string' ? piece : '?')).join('')).toBe(text)
      }),
    )
  })

  test('an escaped text is itself once the release is known, whatever it looks like', async () => {
    await fc.assert(
      fc.asyncProperty(hardText, async (text) => {
        expect(withRelease(await inTarget(escaped(text)), { version: '1.0.0' })).toBe(text)
      }),
      { numRuns: 60 },
    )
  })

  test('a text without references is left alone, and so is what has none', () => {
    const plain = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('${release.version}'))
    fc.assert(
      fc.property(plain, (value) => {
        expect(withRelease(value, { version: '1' })).toBe(value)
      }),
    )
  })

  test('the release is put in everywhere, and the original stays as it was', () => {
    const original = { a: ['${release.version}', { b: 'x${release.version}y' }], '${release.version}': 1 }
    const copy = structuredClone(original)
    expect(withRelease(original, { version: '2.0' })).toEqual({
      a: ['2.0', { b: 'x2.0y' }],
      '${release.version}': 1,
    })
    expect(original).toEqual(copy)
  })
})
