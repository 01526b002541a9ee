/** `deployctl init`: a commented deploy.yaml to begin with. */
import { resolve } from 'node:path'
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { projectFileName } from '../project-file.js'
import { sourceStarters } from '../starters/starter-parts.js'
import { starterText } from '../starters/starter-text.js'
import { createUserFile } from '../user-files.js'
import { nextLines } from '../view/next-lines.js'

export const init: CommandRun = async ({ options, services, terminal }) => {
  const shown = options.file ?? projectFileName
  const file = resolve(services.workingDirectory, shown)
  await createUserFile(
    services.workingDirectory,
    shown,
    starterText({ target: options.target, source: options.source, file }),
  )
  terminal.record('created', { file })
  const first = sourceStarters[options.source]?.first
  const steps = nextLines(
    [
      ...(first === undefined ? [] : [first]),
      ['deployctl validate', 'check it'],
      ['deployctl plan', 'see what would happen'],
      ['deployctl apply', 'let it happen'],
    ],
    terminal.style,
  )
  terminal.out(`Wrote ${shown}. Next:\n\n${steps}`)
  return exitCodes.done
}
