/** What the holder gets to know of one instance: the options, the release and the values of secrets, made into one order. */
import { join } from 'node:path'
import { copyName, type Instance } from '../../../model/instance.js'
import { revealAll } from '../../../model/secrets.js'
import type { Recipe } from './holder/protocol.js'
import { logFileOf } from './logs.js'
import type { Place } from './place.js'
import { releasePaths } from '../directory/layout.js'

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
    identity: identityOf(options),
    workers: options.workers,
    listen: options.listen,
    logFile: logFileOf(layout, instance.name),
    settings: options.settings,
  }
}

function identityOf({ user, group }: Place['options']): readonly string[] {
  if (user === null && group === null) return []
  if (user === null) return [`--regid=${group ?? ''}`, '--clear-groups']
  // a group that is named takes the place of the user's own, those beside it stay
  return [`--reuid=${user}`, `--regid=${group ?? user}`, '--init-groups']
}
