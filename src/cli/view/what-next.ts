/** The commands that are proposed at the end of a deployment, by how it ended. */
import type { Change } from '../../model/change.js'
import type { Outcome } from '../../model/outcome.js'
import type { Plan } from '../../model/plan.js'
import type { Finished, OutcomeContext } from './finished.js'
import { nextLines, type NextStep } from './next-lines.js'

/** More services than this are not named in a proposal. */
const named = 4

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
  if (unrecorded !== null) {
    // What was undone must not be gone on with: the journal may not know of it.
    const way = outcome.kind === 'applied' ? '--resume' : '--unwind'
    return [command(`recover ${way}`, 'write the state'), show]
  }
  if (outcome.kind === 'stuck') {
    const leaving = command('recover --unwind --allow leftovers', 'the same, and leave what still fails')
    return [command('recover --unwind', 'undo the rest'), leaving, show]
  }
  if (outcome.kind === 'unwound') {
    if (unwindWanted) return [show]
    const [first] = outcome.failures
    const does = first?.step == null ? 'try again' : 'try again once it is mended'
    return [show, command(retryOf(plan, outcome), does)]
  }
  const way = plan.command === 'apply' ? wayBack(plan.changes) : null
  return way === null ? [show] : [show, command(way, 'go back')]
}

/**
 * A release that is held is tried again when its service is named. What was undone with it is named too: the same
 * deployment once more, and not half of it.
 */
function retryOf({ command }: Plan, { failures, services }: Outcome): string {
  if (command === 'restart') return ['restart', ...Object.keys(services)].join(' ')
  const failed = failures.flatMap(({ service }) => (service === null ? [] : [service]))
  if (failed.length === 0) return command
  const undone = Object.keys(services).filter((service) => services[service] === 'unwound')
  const again = undone.length <= named ? undone : failed
  return [command, ...[...new Set(again)].map((service) => `--service ${service}`)].join(' ')
}

/** Where there are several services, rollback wants to be told which. */
function wayBack(changes: readonly Change[]): string | null {
  const upgraded = changes.filter(isUpgrade).map(({ service }) => service)
  if (upgraded.length === 0 || upgraded.length > named) return null
  return [
    'rollback',
    ...(changes.length === 1 ? [] : upgraded.map((service) => `--service ${service}`)),
  ].join(' ')
}

function isUpgrade({ before, after }: Change): boolean {
  return before !== null && after !== null && before.release.digest !== after.release.digest
}
