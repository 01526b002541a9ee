/**
 * From words to a command and its options, by commander, out of the command table. Every wrong input is a DeployError
 * that says what was expected and what may have been meant.
 */
import { Command, CommanderError, Option } from 'commander'
import { DeployError } from '../base/deploy-error.js'
import { parseDuration } from '../base/duration.js'
import { didYouMean } from '../base/nearest.js'
import type { CommandSpec } from './command.js'
import { commands, findCommand } from './command-table.js'
import { usageLine } from './help.js'
import {
  commonOptions,
  defaultOptions,
  usage,
  type Options,
  type OptionSpec,
  type ValueKind,
} from './options.js'

export interface Invocation {
  readonly command: CommandSpec
  readonly words: readonly string[]
  readonly options: Options
}

export function parseArguments(argv: readonly string[]): Invocation {
  const found: { invocation: Invocation | null } = { invocation: null }
  const program = quietly(new Command('deployctl'))
  for (const option of commonOptions) program.addOption(optionOf(option))
  for (const spec of commands) {
    const command = quietly(program.command(spec.name))
    for (const option of [...spec.options, ...commonOptions]) command.addOption(optionOf(option))
    for (const { name, required, isRest } of spec.words) {
      const word = isRest === true ? `${name}...` : name
      command.argument(required ? `<${word}>` : `[${word}]`)
    }
    command.allowExcessArguments(false).action(() => {
      const options = {
        ...defaultOptions,
        ...valuesOf(program, commonOptions),
        ...valuesOf(command, allOptions(spec)),
      }
      found.invocation = checked({ command: spec, words: command.args, options })
    })
  }
  try {
    program.parse([...argv], { from: 'user' })
  } catch (error) {
    throw error instanceof CommanderError ? explained(error, argv) : error
  }
  if (found.invocation === null) throw unknownCommand(argv.find((word) => !word.startsWith('-')) ?? '')
  return found.invocation
}

function allOptions(spec: CommandSpec): readonly OptionSpec[] {
  return [...spec.options, ...commonOptions]
}

/** Commander neither prints nor exits: it throws, and the error is worded here. */
function quietly(command: Command): Command {
  return command
    .exitOverride()
    .helpOption(false)
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
}

function optionOf(spec: OptionSpec): Option {
  const flags = [...(spec.short === undefined ? [] : [spec.short]), spec.long].join(', ')
  const option = new Option(spec.placeholder === undefined ? flags : `${flags} <${spec.placeholder}>`)
  if (spec.placeholder !== undefined) {
    option.argParser((text: string, previous: unknown) => readers[spec.kind](text, previous, spec))
  }
  return option
}

type Reader = (text: string, previous: unknown, spec: OptionSpec) => unknown

const readers: { readonly [K in ValueKind]: Reader } = {
  flag: () => true,
  off: () => false,
  text: (text, _previous, spec) => given(text, spec),
  list: (text, previous, spec) => [...listed(previous), ...given(text, spec).split(',').filter(Boolean)],
  duration: (text, _previous, spec) => {
    const ms = parseDuration(text)
    if (ms === undefined) throw wrongValue(text, spec, 'a duration such as 30s, 5m or 1h30m')
    return ms
  },
  count: (text, _previous, spec) => {
    if (!/^[1-9][0-9]{0,5}$/.test(text)) throw wrongValue(text, spec, 'a whole number from 1')
    return Number(text)
  },
  choice: (text, _previous, spec) => chosen(text, spec),
  choices: (text, previous, spec) => [
    ...listed(previous),
    ...text.split(',').map((one) => chosen(one, spec)),
  ],
}

function listed(previous: unknown): readonly unknown[] {
  return Array.isArray(previous) ? previous : []
}

function given(text: string, spec: OptionSpec): string {
  if (text === '') throw wrongValue(text, spec, `a ${(spec.placeholder ?? 'value').toLowerCase()}`)
  return text
}

function chosen(text: string, spec: OptionSpec): string {
  const choices = spec.choices ?? []
  if (!choices.includes(text)) throw wrongValue(text, spec, alternatives(choices), didYouMean(text, choices))
  return text
}

function wrongValue(text: string, spec: OptionSpec, expected: string, guess = ''): DeployError {
  return new DeployError(usage, `${spec.long} wants ${expected}, not "${text}".${guess}`)
}

/** What was given on the command line, under our names; what was not given is left out. */
function valuesOf(command: Command, options: readonly OptionSpec[]): Partial<Options> {
  const values: Record<string, unknown> = {}
  for (const spec of options) {
    const name = optionOf(spec).attributeName()
    if (command.getOptionValueSource(name) === 'cli') values[spec.key] = command.getOptionValue(name)
  }
  return values // every value was made by the reader of its own row
}

/** What commander does not check: words out of a list, options that must be there. */
function checked(invocation: Invocation): Invocation {
  const { command, words, options } = invocation
  for (const [index, spec] of command.words.entries()) {
    const word = words[index]
    if (word === undefined || spec.choices === undefined || spec.choices.includes(word)) continue
    const guess = didYouMean(word, spec.choices)
    throw new DeployError(
      usage,
      `${command.name} wants ${alternatives(spec.choices)}, not "${word}".${guess}`,
    )
  }
  const missing = command.options.find((option) => option.required === true && options[option.key] === null)
  if (missing !== undefined) {
    throw new DeployError(
      usage,
      `${command.name} needs ${missing.long}: ${missing.description}.`,
      usageHint(command),
    )
  }
  if (options.resume && options.unwind) {
    throw new DeployError(usage, '--resume and --unwind are two ways; choose one.', usageHint(command))
  }
  return invocation
}

function alternatives(choices: readonly string[]): string {
  return choices.length === 1
    ? choices.join('')
    : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`
}

function usageHint(command: CommandSpec): { readonly hint: string } {
  return { hint: `usage: ${usageLine(command)}` }
}

function unknownCommand(name: string): DeployError {
  const guess = didYouMean(
    name,
    commands.map((command) => command.name),
  )
  const message = name === '' ? 'There is no command.' : `"${name}" is not a command.${guess}`
  return new DeployError(usage, message, { hint: 'deployctl --help lists them' })
}

/** Commander's complaint in our words. Its message quotes the word it is about. */
function explained(error: CommanderError, argv: readonly string[]): DeployError {
  const command = argv.map((word) => findCommand(word)).find((spec) => spec !== undefined)
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  if (error.code === 'commander.help') return unknownCommand('')
  if (error.code === 'commander.unknownCommand') return unknownCommand(quoted)
  const where = command === undefined ? 'deployctl' : command.name
  const hint = {
    hint: command === undefined ? 'deployctl --help lists them' : `deployctl ${command.name} --help`,
  }
  if (error.code === 'commander.unknownOption') {
    const known = [
      ...(command === undefined ? commonOptions : allOptions(command)).map(({ long }) => long),
      '--help',
    ]
    return new DeployError(usage, `${where} has no option ${quoted}.${didYouMean(quoted, known)}`, hint)
  }
  if (command !== undefined && error.code === 'commander.missingArgument') {
    return new DeployError(usage, `${where} needs ${quoted}.`, usageHint(command))
  }
  if (command !== undefined && error.code === 'commander.excessArguments') {
    return new DeployError(usage, `${where} was given more than it takes.`, usageHint(command))
  }
  if (error.code === 'commander.optionMissingArgument') {
    return new DeployError(usage, `option '${quoted}' needs a value.`.replaceAll("'", '"'), hint)
  }
  return new DeployError(usage, error.message.replace(/^error: /, ''), hint)
}
