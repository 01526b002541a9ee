/**
 * Help, for a terminal: the overview and one page per command, out of the command table. Nothing else is loaded for it,
 * so that `deployctl --help` is as quick as Node itself.
 */
import type { CommandSpec } from './command.js'
import { commands } from './command-table.js'
import { commonOptions, type OptionSpec } from './options.js'
import { padEnd, paragraph } from './view/text-width.js'

const width = 80

export function overview(): string {
  const names = rows(commands.map(({ name, summary }) => [name, summary]))
  return [
    'deployctl deploys what deploy.yaml asks for, and can undo it from any point.',
    '',
    'Usage: deployctl COMMAND [OPTIONS]',
    '',
    'Commands:',
    names,
    '',
    'Options of every command:',
    optionRows(commonOptions),
    '',
    'Examples:',
    rows([
      ['deployctl init', 'write a deploy.yaml to begin with'],
      ['deployctl plan --env staging', 'see what would happen'],
      ['deployctl apply --env staging', 'let it happen'],
      ['deployctl rollback --to v1.0.1', 'go back'],
    ]),
    '',
    'deployctl COMMAND --help says more of a command.',
  ].join('\n')
}

export function commandHelp(command: CommandSpec): string {
  const words = command.words.map(({ name, description }): readonly [string, string] => [name, description])
  return [
    paragraph(command.description, width, 0),
    '',
    `Usage: ${usageLine(command)}`,
    ...(words.length === 0 ? [] : ['', 'Arguments:', rows(words)]),
    '',
    'Options:',
    optionRows([...command.options, ...commonOptions]),
    '',
    command.examples.length === 1 ? 'Example:' : 'Examples:',
    ...command.examples.flatMap(({ line, does }) => [`  deployctl ${line}`, `      ${does}`]),
  ].join('\n')
}

export function usageLine(command: CommandSpec): string {
  const words = command.words.map(({ name, required, isRest }) => {
    const word = isRest === true ? `-- ${name} …` : name
    return required ? word : `[${word}]`
  })
  const required = command.options
    .filter((option) => option.required === true)
    .map(({ long, placeholder }) => `${long} ${placeholder ?? ''}`)
  const isRest = command.words.some((word) => word.isRest === true)
  const options = [...required, '[OPTIONS]']
  return ['deployctl', command.name, ...(isRest ? [...options, ...words] : [...words, ...options])].join(' ')
}

export function optionTitle({ short, long, placeholder }: OptionSpec): string {
  return `${short === undefined ? '    ' : `${short}, `}${long}${placeholder === undefined ? '' : ` ${placeholder}`}`
}

function optionRows(options: readonly OptionSpec[]): string {
  const help: readonly [string, string] = ['-h, --help', 'this help']
  return rows([
    ...options.map((option): readonly [string, string] => [optionTitle(option), option.description]),
    help,
  ])
}

function rows(pairs: readonly (readonly [string, string])[]): string {
  const left = Math.max(...pairs.map(([title]) => title.length)) + 2
  return pairs
    .map(([title, text]) => {
      const described = paragraph(text, width, left + 2).trimStart()
      return `  ${padEnd(title, left)}${described}`
    })
    .join('\n')
}
