/** `deployctl version` */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'

export const version: CommandRun = ({ terminal, services }) => {
  terminal.record('version', {})
  terminal.out(`deployctl ${services.version}`)
  return Promise.resolve(exitCodes.done)
}
