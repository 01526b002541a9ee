/** `deployctl validate`: every problem of deploy.yaml at once. */
import { exitCodes } from '../../base/deploy-error.js'
import { renderMerged } from '../../config/render-merged.js'
import type { CommandRun } from '../command.js'
import { locate } from '../open-session.js'
import { problemCount, problemsText } from '../view/error-view.js'

export const validate: CommandRun = async (context) => {
  const { options, services, terminal } = context
  const { file, shown } = locate(context)
  const { environment, problems, warnings, merged } = await services.validate({
    file,
    shown,
    environment: options.env,
  })
  for (const problem of problems) terminal.record('problem', problem)
  for (const warning of warnings) terminal.record('warning', warning)
  const valid = problems.length === 0
  terminal.record('validation', { file, environment, valid, ...(options.showMerged ? { merged } : {}) })
  const told = warnings.map((warning) => ({ ...warning, message: `warning: ${warning.message}` }))
  if (told.length > 0) terminal.err(`${problemsText(told, terminal.errorStyle)}\n`)
  if (!valid) {
    terminal.err(problemsText(problems, terminal.errorStyle))
    terminal.err(`\n${terminal.errorStyle.paint.bad(`✗ ${problemCount(problems)} in ${shown}.`)}`)
    return exitCodes.invalid
  }
  if (options.showMerged) terminal.out((await renderMerged(merged)).trimEnd())
  else terminal.out(terminal.style.paint.good(`✓ ${shown} is valid for ${environment}.`))
  return exitCodes.done
}
