/** `deployctl pin SERVICE [VERSION]`: keeps a service at a release. */
import { exitCodes } from '../../base/deploy-error.js'
import { parseVersion, showVersion } from '../../model/release.js'
import type { CommandRun } from '../command.js'
import { flagsOf, openSession } from '../open-session.js'

export const pin: CommandRun = async (context) => {
  const { options, terminal, words } = context
  const [service = '', version] = words
  const { useCases } = await openSession(context)
  const state = await useCases.pin(
    service,
    version === undefined ? null : parseVersion(version),
    options.reason ?? '',
  )
  const pinned = state.services[service]?.pin ?? null
  terminal.record('pinned', { service, pin: pinned, serial: state.serial })
  const at = pinned === null ? '' : ` to ${showVersion(pinned.version)}`
  terminal.out(
    `${service} is pinned${at}. It stays there until deployctl unpin ${service}${flagsOf(context)}.`,
  )
  return exitCodes.done
}
