/** What a person says to the agent that runs, as a table: its status, look now, pause, go on, read deploy.yaml, its log. */
import { DeployError, exitCodes, type ExitCode } from '../base/deploy-error.js'
import { readLastLog } from '../app/agent/last-log.js'
import { readPause, writePause } from '../app/agent/pause.js'
import type { AgentSnapshot, LogLine } from '../model/agent.js'
import type { CommandContext } from './command.js'
import { flagsOf } from './open-session.js'
import type { Session } from './services.js'
import { agentText } from './view/agent-view.js'
import { logPrinter } from './view/log-view.js'

type Action = (session: Session, context: CommandContext) => Promise<ExitCode>

export const agentActions: { readonly [action: string]: Action } = {
  async status(session, context) {
    const report = await answerOf(session, context, '/api/v1/status')
    const { agent } = report as { agent: AgentSnapshot } // the agent is of this program
    context.terminal.record('agent', agent)
    context.terminal.out(agentText(agent, context.terminal.style, session.now()))
    return exitCodes.done
  },
  async check(session, context) {
    if ((await session.agent.call('/api/v1/check', {})) !== null)
      return said(context, 'checking', 'The agent looks now.')
    const { terminal, signal } = context
    for (const finding of await session.useCases.lookOnce(signal)) {
      terminal.record('finding', finding)
      terminal.out(terminal.clean(finding.text))
    }
    terminal.err(`No agent runs here, so nothing is deployed; deployctl apply${flagsOf(context)} does that.`)
    return exitCodes.done
  },
  async pause(session, context) {
    const { user, agentMemory } = session
    const reason = context.options.reason ?? 'no reason given'
    if ((await session.agent.call('/api/v1/pause', { by: user, reason })) === null) {
      await writePause(agentMemory, { at: session.now().toISOString(), by: user, reason })
      return said(context, 'paused', 'No agent runs here; the next one starts paused.')
    }
    return said(
      context,
      'paused',
      `The agent is paused; deployctl agent resume${flagsOf(context)} lets it go on.`,
    )
  },
  async resume(session, context) {
    if ((await session.agent.call('/api/v1/resume', {})) !== null)
      return said(context, 'resumed', 'The agent goes on.')
    const isPaused = (await readPause(session.agentMemory)) !== null
    if (isPaused) await writePause(session.agentMemory, null)
    return said(
      context,
      'resumed',
      isPaused ? 'The next agent is not paused.' : 'No agent runs here, and none is paused.',
    )
  },
  async reload(session, context) {
    await answerOf(session, context, '/api/v1/reload', {})
    return said(context, 'reloading', 'The agent reads deploy.yaml again.')
  },
  async logs(session, context) {
    const { terminal, options, signal } = context
    const write = logPrinter(terminal, options.logFormat)
    const answer = (await session.agent.call('/api/v1/logs')) as { lines: LogLine[] } | null // as above
    const lines = answer?.lines ?? (await readLastLog(session.agentMemory))
    lines.forEach(write)
    if (answer === null) {
      const kept = lines.length === 0 ? 'and none has left a line' : 'this is what the last one said'
      terminal.err(`No agent runs here; ${kept}.`)
      return exitCodes.done
    }
    if (!options.follow) return exitCodes.done
    const onEvent = (event: string, data: unknown): void => {
      if (event === 'log') write(data as LogLine) // as above
    }
    await session.agent.follow('/api/v1/events', onEvent, signal)
    return exitCodes.done
  },
}

async function answerOf(
  session: Session,
  context: CommandContext,
  path: string,
  body?: object,
): Promise<unknown> {
  const answer = await session.agent.call(path, body)
  if (answer !== null) return answer
  throw new DeployError(
    'IO_FAILED',
    `no agent of ${session.project} · ${session.environment} runs on this machine`,
    {
      hint: `deployctl agent${flagsOf(context)} starts one`,
    },
  )
}

function said({ terminal }: CommandContext, type: string, text: string): ExitCode {
  terminal.record(type, {})
  terminal.out(text)
  return exitCodes.done
}
