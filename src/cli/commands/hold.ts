/** `deployctl hold SERVICE [VERSION]`: keeps a release from being deployed by itself. */
import { exitCodes } from '../../base/deploy-error.js'
import { showVersion } from '../../model/release.js'
import type { CommandRun } from '../command.js'
import { flagsOf, openSession } from '../open-session.js'

export const hold: CommandRun = async (context) => {
  const { options, terminal, words, signal } = context
  const [service = '', version = null] = words
  const { useCases } = await openSession(context)
  const held = await useCases.hold(service, version, options.reason ?? '', signal)
  terminal.record('held', { service, hold: held })
  const what = `${service} ${showVersion(held.version)}`
  terminal.out(
    `${what} is held; nothing deploys it by itself until deployctl unhold ${service} ${held.version}${flagsOf(context)}.`,
  )
  return exitCodes.done
}
