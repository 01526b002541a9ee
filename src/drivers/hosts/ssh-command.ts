/**
 * The command line of `ssh` for one host. Everything that is not about safety or about talking to a program comes from
 * the user's own ssh_config: identities, agents, jump hosts, a shared connection.
 */
import type { SshSettings } from '../../model/host.js'
import type { HostAddress } from '../../model/host-spec.js'

/** Silent keep-alives in a row that mean the connection is gone. */
const keepAlivesMissed = 3

export function sshCommand(host: HostAddress, settings: SshSettings, remote: string): readonly string[] {
  return [...connecting(host, settings), ...option('ClearAllForwardings', 'yes'), '--', host.address, remote]
}

/** Input and output of this one are a connection to a port, as the host sees it. */
export function sshTunnel(
  host: HostAddress,
  settings: SshSettings,
  to: { readonly host: string; readonly port: number },
): readonly string[] {
  const place = `${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`
  return [...connecting(host, settings), '-W', place, '--', host.address]
}

/**
 * While this one runs, and its input is open, a Unix socket here leads to one of the host. It says `ready` when it does. A
 * shared connection would keep the socket for itself, so it makes one of its own.
 */
export function sshSocket(
  host: HostAddress,
  settings: SshSettings,
  { here, there }: { readonly here: string; readonly there: string },
): readonly string[] {
  return [
    ...connecting(host, settings),
    ...option('ControlPath', 'none'),
    ...option('ExitOnForwardFailure', 'yes'),
    ...option('StreamLocalBindMask', '0177'),
    ...['-L', `${here}:${there}`, '--', host.address],
    'echo ready; exec cat >/dev/null',
  ]
}

function connecting(host: HostAddress, settings: SshSettings): readonly string[] {
  const seconds = (ms: number): number => Math.max(1, Math.round(ms / 1000))
  return [
    'ssh',
    ...(settings.config === null ? [] : ['-F', settings.config]),
    '-T',
    ...option('BatchMode', 'yes'), // nobody is there to answer a question
    ...option('StrictHostKeyChecking', 'yes'), // whatever the ssh_config says: a changed key is refused
    ...option('ConnectTimeout', seconds(settings.connectTimeoutMs)),
    ...option('ServerAliveInterval', seconds(settings.keepAliveMs)),
    ...option('ServerAliveCountMax', keepAlivesMissed),
    ...option('PermitLocalCommand', 'no'),
    ...option('RemoteCommand', 'none'),
    ...option('RequestTTY', 'no'),
    ...(host.user === null ? [] : ['-l', host.user]),
    ...(host.port === null ? [] : ['-p', String(host.port)]),
  ]
}

function option(name: string, value: string | number): readonly string[] {
  return ['-o', `${name}=${value}`]
}

/** As a person would write it. */
export function sayAddress({ address, user, port }: HostAddress): string {
  const bare = address.includes(':') && port !== null ? `[${address}]` : address
  return `${user === null ? '' : `${user}@`}${bare}${port === null ? '' : `:${port}`}`
}
