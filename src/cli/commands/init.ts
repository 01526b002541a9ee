/** `deployctl init`: a commented deploy.yaml to begin with. */
import { relative, resolve } from 'node:path'
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { projectFileName } from '../project-file.js'
import { starterText } from '../starters/starter-text.js'
import { createUserFile } from '../user-files.js'
import { nextLines } from '../view/next-lines.js'

export const init: CommandRun = async ({ options, services, terminal }) => {
  const file = resolve(services.workingDirectory, options.file ?? projectFileName)
  const shown = relative(services.workingDirectory, file)
  await createUserFile(file, starterText({ target: options.target, source: options.source, file }))
  terminal.record('created', { file })
  const steps = nextLines(
    [
      [`edit ${shown}`, 'say what runs where'],
      ['deployctl validate', 'check it'],
      ['deployctl plan', 'see what would happen'],
      ['deployctl apply', 'let it happen'],
    ],
    terminal.style,
  )
  terminal.out(`Wrote ${shown}. Next:\n\n${steps}`)
  return exitCodes.done
}
