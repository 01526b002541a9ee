/** The commands that are proposed at the end of a deployment, by how it ended. */
import type { Change } from '../../model/change.js'
import type { Finished, OutcomeContext } from './finished.js'
import { nextLines, type NextStep } from './next-lines.js'

export function whatNext(result: Finished, context: OutcomeContext): string {
  const command = (text: string, does: string): NextStep => [`deployctl ${text}${context.flags}`, does]
  const show = command(`show ${result.deployment}`, 'the whole story')
  return nextLines(proposals(result, context, show, command), context.style)
}

type Proposer = (text: string, does: string) => NextStep

function proposals(
  { plan, outcome, unrecorded }: Finished,
  { unwindWanted }: OutcomeContext,
  show: NextStep,
  command: Proposer,
): readonly NextStep[] {
  if (unrecorded !== null) return [command('recover --resume', 'write the state'), show]
  if (outcome.kind === 'stuck') return [command('recover --unwind', 'undo the rest'), show]
  if (outcome.kind === 'unwound') {
    if (unwindWanted) return [show]
    const [first] = outcome.failures
    const does = first?.step == null ? 'try again' : 'try again once it is mended'
    return [show, command(retryOf(plan.command, outcome.failures), does)]
  }
  return plan.command === 'apply' && plan.changes.some(isUpgrade)
    ? [show, command('rollback', 'go back')]
    : [show]
}

/** One failed service can be tried again by its name, held releases included. */
function retryOf(command: string, failures: Finished['outcome']['failures']): string {
  const services = new Set(failures.map(({ service }) => service))
  const [only] = services
  return services.size !== 1 || only == null ? command : `${command} --service ${only}`
}

function isUpgrade({ before, after }: Change): boolean {
  return before !== null && after !== null && before.release.digest !== after.release.digest
}
