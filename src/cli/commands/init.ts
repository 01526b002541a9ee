/** `deployctl init`: a commented deploy.yaml to begin with. */
import { resolve } from 'node:path'
import { DeployError, exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { projectFileName } from '../project-file.js'
import { sourceStarters, targetStarters } from '../starters/starter-parts.js'
import { starterText } from '../starters/starter-text.js'
import { createUserFile } from '../user-files.js'
import { nextLines } from '../view/next-lines.js'

export const init: CommandRun = async ({ options, services, terminal }) => {
  const { target, source } = starterOf(options.target, options.source)
  const shown = options.file ?? projectFileName
  const file = resolve(services.workingDirectory, shown)
  await createUserFile(services.workingDirectory, shown, starterText({ target, source, file }))
  terminal.record('created', { file })
  const first = sourceStarters[source]?.first
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

/** The source that was asked for, or the one that a target begins with. */
function starterOf(target: string, wanted: string | null): { target: string; source: string } {
  const sources = targetStarters[target]?.sources ?? []
  const source = wanted ?? sources[0] ?? ''
  if (sources.includes(source)) return { target, source }
  throw new DeployError('USAGE', `init has no starter for ${source} and ${target}`, {
    hint: `--target ${target} goes with --source ${sources.join(', ')}`,
  })
}
