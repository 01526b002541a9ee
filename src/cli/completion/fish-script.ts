/** Completion for fish: a `complete` line for everything there is. */
import { commonOptions, type OptionSpec } from '../options.js'
import type { CommandSpec, WordSpec } from '../command.js'
import { namesCommand } from './names-command.js'

export function fishScript(commands: readonly CommandSpec[]): string {
  const noCommand = `not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}`
  return [
    '# fish completion for deployctl; written by: deployctl completion fish',
    'function __deployctl_names',
    '  set -l words (commandline -opc)',
    "  set -l file ''",
    '  for i in (seq (count $words))',
    '    contains -- $words[$i] -f --file; and set file $words[(math $i + 1)]',
    '  end',
    `  deployctl ${namesCommand} $argv[1] "$file" 2>/dev/null`,
    'end',
    'complete -c deployctl -f',
    `complete -c deployctl -l help -s h -d ${quoted('this help')}`,
    ...commonOptions.map((option) => optionLine(option, null)),
    ...commands.map(
      ({ name, summary }) => `complete -c deployctl -n ${quoted(noCommand)} -a ${name} -d ${quoted(summary)}`,
    ),
    ...commands.flatMap(({ name, options, words }) => {
      const condition = `__fish_seen_subcommand_from ${name}`
      return [
        ...options.map((option) => optionLine(option, condition)),
        ...words.flatMap((word) => wordLine(word, condition)),
      ]
    }),
  ].join('\n')
}

function optionLine(option: OptionSpec, condition: string | null): string {
  const { long, short, description, placeholder } = option
  return [
    'complete -c deployctl',
    ...(condition === null ? [] : [`-n ${quoted(condition)}`]),
    `-l ${long.slice(2)}`,
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    ...(placeholder === undefined ? [] : ['-x', ...values(option)]),
    `-d ${quoted(description)}`,
  ].join(' ')
}

function wordLine(word: WordSpec, condition: string): readonly string[] {
  const suggested = values(word)
  return suggested.length === 0
    ? []
    : [['complete -c deployctl', `-n ${quoted(condition)}`, ...suggested].join(' ')]
}

function values({ choices, completes }: Pick<OptionSpec, 'choices' | 'completes'>): readonly string[] {
  if (choices !== undefined) return [`-a ${quoted(choices.join(' '))}`]
  if (completes === 'files') return ['-F']
  return completes === undefined ? [] : [`-a ${quoted(`(__deployctl_names ${completes})`)}`]
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (character) => `\\${character}`)}'`
}
