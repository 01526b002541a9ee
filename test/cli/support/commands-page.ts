/** docs/commands.md, out of the command table. */
import type { CommandSpec } from '../../../src/cli/command.js'
import { optionTitle, usageLine } from '../../../src/cli/help.js'
import { commonOptions, type OptionSpec } from '../../../src/cli/options.js'

const opening = `# Commands

Every command, its options, an example and its exit codes. \`deployctl COMMAND --help\` says the same, without the exit codes.

## What goes where

- Results, plans and progress go to standard output; warnings, failures and errors to standard error. So
  \`deployctl apply > deploy.log\` keeps the course of a deployment, and what went wrong is still seen.
- On a terminal a deployment is shown live; in a pipe, or with \`TERM=dumb\`, as plain lines, one when a step begins and one
  when it ends. \`--quiet\` says only how it ended.
- \`--json\` prints one JSON object a line on standard output and nothing on standard error. Each has \`type\` and
  \`@timestamp\`; the first is \`{"type":"version","format":1,…}\`, errors are lines of type \`error\`, and a deployment ends with
  one of type \`result\`, the only one. Nothing is asked: \`apply\` and \`rollback\` need \`--auto-approve\` beside it. When \`apply\`
  first undoes a canary that was interrupted, that ends with a line of type \`canary-undone\`; only when it cannot be undone
  is it the \`result\`.
- Colour only on a terminal. \`--no-color\` turns it off; \`FORCE_COLOR=1\` turns it on in a pipe, too; \`NO_COLOR=1\` turns it
  off where neither is given.
- A reader that goes away (\`| head\`) silences the output and changes nothing else: a deployment goes on to its end.
- Secrets that were used are shown as \`***\` everywhere.
- deploy.yaml is looked for in the working directory and then in the folders above it; when it is one above, that is said.

## Questions and signals

\`apply\` and \`rollback\` show their plan and ask; only \`yes\` is a yes. Ctrl-C and Ctrl-D at the question decline. Without a
terminal to ask on, and without \`--auto-approve\`, nothing is done and the exit code is 7.

The first INT, TERM or HUP stops in order: what runs is cancelled, what was begun is undone, the outcome is recorded. A
second one ends at once; the journal stays, and \`deployctl recover\` finishes or undoes what was begun.

Exit codes are explained in [exit-codes.md](exit-codes.md). Every command may exit 0 (done), 1 (an error) or 3 (the command
line or deploy.yaml is invalid), and 129, 130 or 143 when a signal ended it; what else a command may answer is named
below. [When it fails](when-it-fails.md) says what each failure means and what to do.
`

export function commandsPage(commands: readonly CommandSpec[]): string {
  const options = ['## Options of every command', '', optionTable(commonOptions), '']
  return [opening, ...options, ...commands.map(section)].join('\n')
}

function section(command: CommandSpec): string {
  const { name, description, words, options, examples, exits } = command
  const wordRows = words.map(({ name: word, description: text }) => `| \`${word}\` | ${text} |`)
  return [
    `## ${name}`,
    '',
    description,
    '',
    '```',
    usageLine(command),
    '```',
    '',
    ...(wordRows.length === 0 ? [] : ['| argument | meaning |', '|---|---|', ...wordRows, '']),
    ...(options.length === 0 ? [] : [optionTable(options), '']),
    '```sh',
    ...examples.map(({ line, does }) => `deployctl ${line}  # ${does}`),
    '```',
    '',
    ...(exits.length === 0 ? [] : [`Exit codes beside 0, 1 and 3: ${exits.join(', ')}.`, '']),
  ].join('\n')
}

function optionTable(options: readonly OptionSpec[]): string {
  const rows = options.map((option) => `| \`${optionTitle(option).trim()}\` | ${option.description} |`)
  return ['| option | meaning |', '|---|---|', ...rows].join('\n')
}
