/** `deployctl unpin SERVICE`: lets a service move again. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { flagsOf, openSession } from '../open-session.js'

export const unpin: CommandRun = async (context) => {
  const { terminal, words } = context
  const [service = ''] = words
  const { useCases } = await openSession(context)
  const state = await useCases.unpin(service)
  terminal.record('unpinned', { service, serial: state.serial })
  terminal.out(
    `${service} follows deploy.yaml again; deployctl plan${flagsOf(context)} shows what that means.`,
  )
  return exitCodes.done
}
