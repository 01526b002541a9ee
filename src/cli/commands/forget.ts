/** `deployctl forget HOST`: strikes a host that will never come back from the record. */
import { exitCodes } from '../../base/deploy-error.js'
import { ask } from '../ask.js'
import type { CommandContext, CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { forgetText, forgottenText } from '../view/forget-view.js'

export const forget: CommandRun = async (context) => {
  const { terminal, words } = context
  const [host = ''] = words
  const { useCases } = await openSession(context)
  const record = await useCases.recordOfHost(host)
  terminal.record('recorded', record)
  terminal.out(forgetText(record, terminal.style))
  if (!(await isAgreed(context))) {
    terminal.err('Nothing was forgotten.')
    return exitCodes.declined
  }
  const { serial } = await useCases.forgetHost(host)
  terminal.record('forgotten', { host, serial })
  terminal.out(forgottenText(host, serial, terminal.style))
  return exitCodes.done
}

async function isAgreed({ options, terminal, signal }: CommandContext): Promise<boolean> {
  if (options.autoApprove) return true
  if (terminal.canAsk) return (await ask(terminal, '\nForget it? Only "yes" is a yes: ', signal)) === 'yes'
  terminal.err('Without a terminal, --auto-approve says yes.')
  return false
}
