/** What the holder gets to know of one instance: the options, the release and the values of secrets, made into one order. */
import { join } from 'node:path'
import { copyName, type Instance } from '../../../model/instance.js'
import { revealAll } from '../../../model/secrets.js'
import type { Recipe } from './holder/protocol.js'
import { logFileOf } from './logs.js'
import type { Place } from './place.js'
import { releasePaths } from '../directory/layout.js'
import { resolveOwner } from '../directory/owner.js'

const inherited = ['PATH', 'LANG', 'LC_ALL', 'TZ']

export async function recipeOf(place: Place, instance: Instance, signal: AbortSignal): Promise<Recipe> {
  const { options, ports, layout, service } = place
  const { folder } = releasePaths(layout, instance.name)
  const own = inherited.flatMap((name) => {
    const value = ports.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    name: copyName(instance),
    command: options.command,
    directory: join(folder, options.workingDirectory),
    env: {
      ...Object.fromEntries(own),
      DEPLOYCTL_SERVICE: service,
      DEPLOYCTL_VERSION: instance.release.version,
      DEPLOYCTL_RELEASE_DIR: folder,
      ...(await revealAll(ports.secrets, options.env, signal)),
    },
    umask: options.umask,
    limits: Object.entries(options.limits).map(([name, { soft, hard }]) => `--${name}=${soft}:${hard}`),
    identity: await identityOf(place, signal),
    workers: options.workers,
    listen: options.listen,
    logFile: logFileOf(layout, instance.name),
    settings: options.settings,
  }
}

/** A number may have no name, and then no groups either. */
async function identityOf({ options, ports }: Place, signal: AbortSignal): Promise<readonly string[]> {
  if (options.user === null) return []
  const { uid, gid } = await resolveOwner(options.user, ports.shell, signal, 'user')
  const groups = /^[0-9]+$/.test(options.user.user) ? '--clear-groups' : '--init-groups'
  return [`--reuid=${uid}`, `--regid=${gid ?? uid}`, groups]
}
