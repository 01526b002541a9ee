/** `deployctl agent [ACTION]`: deploys by itself, or speaks to the agent that does. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandContext, CommandRun } from '../command.js'
import { agentActions } from '../agent-actions.js'
import { openSession } from '../open-session.js'
import type { Session } from '../services.js'
import { logPrinter } from '../view/log-view.js'

export const agent: CommandRun = async (context) => {
  const [action] = context.words
  if (action === undefined) return run(context)
  const session = await openSession(context)
  return agentActions[action]?.(session, context) ?? exitCodes.invalid
}

/** Until a signal comes. A deploy.yaml that cannot be read leaves the agent with the one it has. */
async function run(context: CommandContext): Promise<typeof exitCodes.done> {
  const { signal, terminal, options, services } = context
  const write = logPrinter(terminal, options.logFormat)
  let session = await openSession(context)
  for (;;) {
    const ended = await session.useCases.runAgent(session.agentDesk(services.version, write), signal)
    if (ended === 'stopped') return exitCodes.done
    session = await reopened(context, session, write)
  }
}

async function reopened(
  context: CommandContext,
  session: Session,
  write: ReturnType<typeof logPrinter>,
): Promise<Session> {
  try {
    return await openSession(context)
  } catch (error) {
    const { reportOf } = await import('../../base/deploy-error.js')
    const msg = 'deploy.yaml cannot be used; the agent goes on with the one it has'
    write({ time: session.now().toISOString(), level: 'error', msg, error: reportOf(error) })
    context.terminal.maskWith(session)
    return session
  }
}
