/** Completion for zsh, with `_arguments`. */
import type { CommandSpec, WordSpec } from '../command.js'
import { commonOptions, type OptionSpec } from '../options.js'
import { namesCommand } from './names-command.js'

export function zshScript(commands: readonly CommandSpec[]): string {
  return `#compdef deployctl
# zsh completion for deployctl; written by: deployctl completion zsh
_deployctl_names() {
  local -a names
  names=(\${(f)"$(deployctl ${namesCommand} "$1" "\${opt_args[--file]:-\${opt_args[-f]}}" 2>/dev/null)"})
  compadd -a names
}

_deployctl() {
  local context state line
  typeset -A opt_args
  _arguments -C \\
${common(4)} \\
    '1:command:->command' \\
    '*::argument:->argument' && return
  case $state in
    command)
      local -a all
      all=(
${commands.map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`).join('\n')}
      )
      _describe command all ;;
    argument)
      case $words[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
if [ "$funcstack[1]" = _deployctl ]; then _deployctl "$@"; else compdef _deployctl deployctl; fi`
}

function commandCase({ name, options, words }: CommandSpec): string {
  const specs = [...options.flatMap(optionSpecs), ...words.map(wordSpec)].map(
    (spec) => `            ${spec} \\`,
  )
  return [`        ${name})`, '          _arguments \\', ...specs, `${common(12)} ;;`].join('\n')
}

function common(indent: number): string {
  const help = quoted('(-h --help)'.concat('--help[this help]'))
  return [...commonOptions.flatMap(optionSpecs), help].map((spec) => ' '.repeat(indent) + spec).join(' \\\n')
}

function optionSpecs(option: OptionSpec): readonly string[] {
  const { short, long, placeholder, description, kind } = option
  const repeats = kind === 'list' || kind === 'choices' ? '*' : ''
  const value = placeholder === undefined ? '' : `:${placeholder.toLowerCase()}:${action(option)}`
  const text = `[${description.replaceAll(/[[\]:]/g, (character) => `\\${character}`)}]`
  return [...(short === undefined ? [] : [short]), long].map((flag) =>
    quoted(`${repeats}${flag}${text}${value}`),
  )
}

function wordSpec({ name, required, choices, completes }: WordSpec): string {
  return quoted(`${required ? ':' : '::'}${name.toLowerCase()}:${action({ choices, completes })}`)
}

function action({
  choices,
  completes,
}: {
  readonly choices?: readonly string[] | undefined
  readonly completes?: string | undefined
}): string {
  if (choices !== undefined) return `(${choices.join(' ')})`
  if (completes === 'files') return '_files'
  return completes === undefined ? ' ' : `_deployctl_names ${completes}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
