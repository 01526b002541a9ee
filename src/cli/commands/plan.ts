/** `deployctl plan`: what apply would do; changes nothing. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { onlyHosts } from '../only-hosts.js'
import { flagsOf, openSession } from '../open-session.js'
import { writeUserFile } from '../user-files.js'
import { nextLines } from '../view/next-lines.js'
import { hasChanges, planText } from '../view/plan-view.js'

export const plan: CommandRun = async (context) => {
  const { options, services, terminal, signal } = context
  const { useCases } = await openSession(context)
  const made = await useCases.planRelease({ services: options.service, ...onlyHosts(options) }, signal)
  terminal.record('plan', { plan: made })
  terminal.out(await planText(made, terminal.style))
  if (options.out !== null) {
    const text = await useCases.savePlan(made)
    await writeUserFile(services.workingDirectory, options.out, text)
    terminal.record('saved', { file: options.out })
    const apply = `deployctl apply ${options.out}${flagsOf(context)}`
    terminal.out(
      `\nSaved to ${options.out}.\n${nextLines([[apply, 'apply exactly this plan']], terminal.style)}`,
    )
  }
  return options.detailedExitcode && hasChanges(made) ? exitCodes.changesPending : exitCodes.done
}
