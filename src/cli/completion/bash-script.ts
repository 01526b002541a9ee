/** Completion for bash: one function, a case per command. */
import type { CommandSpec, WordSpec } from '../command.js'
import { commonOptions, type OptionSpec } from '../options.js'
import { namesCommand } from './names-command.js'

export function bashScript(commands: readonly CommandSpec[]): string {
  return `# bash completion for deployctl; written by: deployctl completion bash
_deployctl_names() {
  local file='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in -f|--file) file="\${COMP_WORDS[i + 1]}" ;; esac
  done
  deployctl ${namesCommand} "$1" "$file" 2>/dev/null
}

_deployctl() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}" command='' word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
${indented(
  valueOptions().map((flags) => `${flags}) ((i++)) ;;`),
  6,
)}
      -*) ;;
      *) command="$word"; break ;;
    esac
  done
  case "$command:$prev" in
${indented(valueCases(commands), 4)}
  esac
  case "$command" in
    '') COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} --help ${longOnes(commonOptions)}' -- "$cur")) ;;
${indented(commands.map(commandCase), 4)}
  esac
}
complete -F _deployctl deployctl`
}

function commandCase({ name, options, words }: CommandSpec): string {
  const flags = `${longOnes([...options, ...commonOptions])} --help`
  const source = words.map(wordSource).find((one) => one !== null) ?? null
  if (source === null) return `${name}) COMPREPLY=($(compgen -W '${flags}' -- "$cur")) ;;`
  return `${name})
      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${flags}' -- "$cur"))
      else COMPREPLY=($(compgen ${source} -- "$cur")); fi ;;`
}

function wordSource({ choices, completes }: WordSpec): string | null {
  if (choices !== undefined) return `-W '${choices.join(' ')}'`
  return completes === undefined ? null : sourceOf(completes)
}

function sourceOf(completes: NonNullable<OptionSpec['completes']>): string {
  return completes === 'files' ? '-f' : `-W "$(_deployctl_names ${completes})"`
}

/** `*:-e|*:--env) …` for every option whose value can be suggested. */
function valueCases(commands: readonly CommandSpec[]): readonly string[] {
  const every = [
    ...commonOptions.map((option) => ({ command: '*', option })),
    ...commands.flatMap(({ name, options }) => options.map((option) => ({ command: name, option }))),
  ]
  return every.flatMap(({ command, option }) => {
    if (option.placeholder === undefined) return []
    const patterns = flagsOf(option).map((flag) => `${command}:${flag}`)
    const { choices, completes } = option
    const source =
      choices !== undefined
        ? `-W '${choices.join(' ')}'`
        : completes !== undefined
          ? sourceOf(completes)
          : null
    const reply = source === null ? '' : `COMPREPLY=($(compgen ${source} -- "$cur")); `
    return [`${patterns.join('|')}) ${reply}return ;;`]
  })
}

/** Common options that take a value: the word after one is not the command. */
function valueOptions(): readonly string[] {
  return commonOptions
    .filter(({ placeholder }) => placeholder !== undefined)
    .map((option) => flagsOf(option).join('|'))
}

function flagsOf({ short, long }: OptionSpec): readonly string[] {
  return short === undefined ? [long] : [short, long]
}

function longOnes(options: readonly OptionSpec[]): string {
  return options.map(({ long }) => long).join(' ')
}

function indented(lines: readonly string[], by: number): string {
  return lines.map((line) => ' '.repeat(by) + line).join('\n')
}
