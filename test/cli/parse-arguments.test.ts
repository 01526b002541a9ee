import { describe, expect, test } from 'vitest'
import { DeployError } from '../../src/base/deploy-error.js'
import { defaultOptions, type Options } from '../../src/cli/options.js'
import { parseArguments } from '../../src/cli/parse-arguments.js'
import { commands } from '../../src/cli/command-table.js'
import { cli } from './support/cli.js'

const right: readonly (readonly [
  line: string,
  command: string,
  words: readonly string[],
  options: Partial<Options>,
])[] = [
  ['plan', 'plan', [], {}],
  [
    'plan --env staging -f other.yaml --json --no-color',
    'plan',
    [],
    { env: 'staging', file: 'other.yaml', json: true, color: false },
  ],
  ['--env staging plan', 'plan', [], { env: 'staging' }],
  ['--env staging plan --env production', 'plan', [], { env: 'production' }],
  [
    'plan -o x --detailed-exitcode -s web -s api,docs',
    'plan',
    [],
    { out: 'x', detailedExitcode: true, service: ['web', 'api', 'docs'] },
  ],
  [
    'apply release.plan -y --allow irreversible --lock-timeout 1m30s -q',
    'apply',
    ['release.plan'],
    { autoApprove: true, allow: ['irreversible'], lockTimeoutMs: 90_000, quiet: true },
  ],
  ['apply --env=production', 'apply', [], { env: 'production' }],
  ['rollback --to v1.0.1', 'rollback', [], { to: 'v1.0.1' }],
  ['history -n 5', 'history', [], { limit: 5 }],
  ['recover --unwind', 'recover', [], { unwind: true }],
  ['pin web v1.0.1 --reason why', 'pin', ['web', 'v1.0.1'], { reason: 'why' }],
  ['completion fish', 'completion', ['fish'], {}],
  ['init --source npm', 'init', [], { source: 'npm' }],
  ['show -- -odd', 'show', ['-odd'], {}],
]

describe('a right command line', () => {
  for (const [line, command, words, options] of right) {
    test(line, () => {
      const parsed = parseArguments(line.split(' '))
      expect(parsed.command.name).toBe(command)
      expect(parsed.words).toEqual(words)
      expect(parsed.options).toEqual({ ...defaultOptions, ...options })
    })
  }
})

const wrong: readonly (readonly [line: string, said: RegExp])[] = [
  ['plna', /"plna" is not a command\. Did you mean "plan"\?/],
  ['frobnicate', /"frobnicate" is not a command/],
  ['--env staging', /no command/],
  [
    'plan --detailed-exitcodes',
    /plan has no option --detailed-exitcodes\. Did you mean "--detailed-exitcode"\?/,
  ],
  ['plan --auto-aprove', /plan has no option --auto-aprove/],
  ['apply --auto-aprove', /Did you mean "--auto-approve"\?/],
  ['apply -x', /apply has no option -x/],
  ['plan extra', /plan was given more than it takes/],
  ['apply a.plan b.plan', /apply was given more than it takes/],
  ['show', /show needs ID/],
  ['unlock', /unlock needs ID/],
  ['unpin', /unpin needs SERVICE/],
  ['pin web', /pin needs --reason/],
  ['plan --out', /"--out|-o, --out/],
  ['plan --env', /--env/],
  ['history --limit none', /--limit wants a whole number from 1, not "none"/],
  ['history --limit 0', /--limit wants a whole number/],
  ['apply --lock-timeout 30', /--lock-timeout wants a duration such as 30s/],
  ['apply --allow everything', /--allow wants irreversible, not "everything"/],
  ['init --target cloud', /--target wants directory, container or process, not "cloud"/],
  ['init --source nmp', /--source wants directory, npm, git, .* or gcs, not "nmp"\. Did you mean "npm"\?/],
  ['completion tcsh', /completion wants bash, zsh or fish, not "tcsh"/],
  ['completion', /completion needs SHELL/],
  ['recover --resume --unwind', /two ways/],
]

describe('a wrong command line: exit 3, one helpful message', () => {
  for (const [line, said] of wrong) {
    test(line, async () => {
      expect(() => parseArguments(line.split(' '))).toThrow(DeployError)
      const { code, err, out } = await cli(line.split(' '))
      expect(code).toBe(3)
      expect(out).toBe('')
      expect(err.replaceAll(/\n\s*/g, ' ')).toMatch(said)
    })
  }
  test('the same as JSON', async () => {
    const { code, err, records } = await cli(['plna', '--json'])
    expect(code).toBe(3)
    expect(err).toBe('')
    expect(records()).toMatchObject([{ type: 'version' }, { type: 'error', code: 'USAGE' }])
  })
  test('an empty value is refused', () => {
    expect(() => parseArguments(['plan', '--env', ''])).toThrow('--env wants a name, not ""')
  })
})

describe('help', () => {
  test('without a command: help, and exit 3', async () => {
    const { code, err } = await cli([])
    expect(code).toBe(3)
    expect(err).toContain('Usage: deployctl COMMAND')
  })
  for (const words of [['--help'], ['-h'], ['help']]) {
    test(words.join(' '), async () => {
      const { code, out } = await cli(words)
      expect(code).toBe(0)
      for (const { name } of commands) expect(out).toContain(`\n  ${name} `)
    })
  }
  for (const { name, options, examples } of commands) {
    test(`${name} --help has every option and an example, in 80 columns`, async () => {
      const { code, out } = await cli([name, '--help'])
      expect(code).toBe(0)
      for (const { long } of options) expect(out).toContain(long)
      for (const { line } of examples) expect(out).toContain(`deployctl ${line}`)
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    })
  }
  test('every example parses', () => {
    for (const { line } of commands.flatMap(({ examples }) => examples)) {
      const words = [...line.replace(/ > .*/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(
        (match) => match[1] ?? match[2] ?? '',
      )
      expect(() => parseArguments(words)).not.toThrow()
    }
  })
  test('the version', async () => {
    for (const words of [['version'], ['--version'], ['-V'], ['version', '--no-color']]) {
      expect((await cli(words)).out).toBe('deployctl 0.1.0\n')
    }
    expect((await cli(['version', '--json'])).records()).toMatchObject([
      { type: 'version', format: 1, deployctl: '0.1.0' },
    ])
  })
})
