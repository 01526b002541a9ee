/** How a worker is started and what it is told of its sockets: the words of systemd and of start_server both. Pure. */
import type { Listen, Recipe } from './protocol.js'

/** Where handed-over descriptors begin: the same for both protocols. */
const firstDescriptor = 3

/**
 * Each part replaces itself by the next, so that the number of the first is that of the program: systemd's protocol has the
 * program compare it.
 */
export function workerCommand({ command, umask, limits, identity }: Recipe): readonly string[] {
  const mask = umask === null ? '' : `umask ${umask}; `
  const script = `${mask}LISTEN_PID=$$; export LISTEN_PID; exec "$@"`
  const parts = [
    ...(limits.length === 0 ? [] : ['prlimit', ...limits, '--']),
    ...(identity.length === 0 ? [] : ['setpriv', ...identity, '--']),
    ...command,
  ]
  return ['/bin/sh', '-c', script, 'sh', ...parts]
}

export interface Generation {
  readonly number: number
  readonly isTrial: boolean
  /** From 1. */
  readonly worker: number
}

export function workerVariables(
  recipe: Recipe,
  listen: readonly Listen[],
  { number, isTrial, worker }: Generation,
): { readonly [name: string]: string } {
  const handed = listen.map((one, index) => `${addressText(one)}=${firstDescriptor + index}`)
  return {
    ...recipe.env,
    ...(listen.length === 0
      ? {}
      : {
          SERVER_STARTER_PORT: handed.join(';'),
          SERVER_STARTER_GENERATION: `${number}`,
          LISTEN_FDS: `${listen.length}`,
        }),
    DEPLOYCTL_WORKER: `${worker}`,
    ...(isTrial ? { DEPLOYCTL_TRIAL: '1' } : {}),
  }
}

export function addressText(listen: Listen): string {
  if (listen.kind === 'unix') return listen.path
  return listen.host.includes(':') ? `[${listen.host}]:${listen.port}` : `${listen.host}:${listen.port}`
}
