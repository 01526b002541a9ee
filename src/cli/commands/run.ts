/** `deployctl run -- COMMAND`: a command on hosts, its output by host, its exit codes summed up. */
import { DeployError, exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { hostLine, runSummary } from '../view/hosts-view.js'

export const run: CommandRun = async (context) => {
  const { terminal, signal, words, options } = context
  const { useCases } = await openSession(context)
  const [line = '', ...rest] = words
  refuseNoUser(options.become)
  const command = rest.length === 0 ? { shell: line } : { run: words }
  let width = 0
  const runs = await useCases.runOnHosts(
    { command, become: options.become, hosts: options.host, limit: options.limitTo },
    {
      onHosts: (names) => (width = Math.max(...names.map(({ length }) => length))),
      onLine(host, { stream, text }) {
        terminal.record('line', { host, stream, text })
        if (stream === 'stdout') terminal.out(hostLine(host, text, width, terminal.style))
        else terminal.err(hostLine(host, text, width, terminal.errorStyle))
      },
    },
    signal,
  )
  for (const one of runs) terminal.record('ran', one)
  terminal.err(runSummary(runs, terminal.errorStyle))
  return runs.every(({ exitCode }) => exitCode === 0) ? exitCodes.done : exitCodes.error
}

/** A name as sudo takes it, and never an option of it. */
function refuseNoUser(name: string | null): void {
  if (name === null || /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) return
  throw new DeployError('USAGE', `--become ${name}: that is no name of a user`)
}
