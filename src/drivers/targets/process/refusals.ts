/** What must not be started, found before anything is touched: tools that limits and users need. */
import { DeployError } from '../../../base/deploy-error.js'
import { resolveOwner } from '../directory/owner.js'
import type { Ports } from '../../../model/ports.js'
import type { ProcessOptions } from './options.js'
import type { Place } from './place.js'

const lookupTimeoutMs = 10_000

export async function refuseMissingTools(
  { user, limits }: ProcessOptions,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const tools = [
    ...(Object.keys(limits).length === 0 ? [] : [{ tool: 'prlimit', option: 'limits' }]),
    ...(user === null ? [] : [{ tool: 'setpriv', option: 'user' }]),
  ]
  for (const { tool, option } of tools) {
    const command = { run: ['/bin/sh', '-c', 'command -v "$1"', 'sh', tool] }
    const { exitCode } = await ports.shell.run(
      { command, directory: '/', timeoutMs: lookupTimeoutMs },
      signal,
    )
    if (exitCode === 0) continue
    throw new DeployError('TARGET_REFUSED', `${option} needs the command ${tool}, which is not here.`, {
      hint: 'It is part of util-linux; install that, or leave the option out.',
    })
  }
}

export async function refuseUnknownUser(
  { options: { user }, ports }: Place,
  signal: AbortSignal,
): Promise<void> {
  if (user !== null) await resolveOwner(user, ports.shell, signal, 'user')
}
