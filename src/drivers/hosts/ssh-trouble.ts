/**
 * Why a host could not be reached, in words a person can act on: from what ssh said and its exit code. One table; the
 * first line of it that fits counts.
 */
import { DeployError } from '../../base/deploy-error.js'
import type { HostAddress } from '../../model/host-spec.js'
import type { Loss } from './session.js'
import { sayAddress } from './ssh-command.js'
import { sudoMeanings, type Meaning } from './sudo-trouble.js'

const meanings: readonly Meaning[] = [
  ...sudoMeanings, // first: sudo warns of much else on its way
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Offending .* key/i,
    code: 'HOST_KEY_REFUSED',
    because:
      'its host key is not the one that known_hosts has: it was set up anew, or somebody sits in between',
    hint: 'Ask who runs the host. When the new key is right, remove the old one (ssh-keygen -R, with the name that known_hosts has) and connect once by hand.',
  },
  {
    pattern: /No .* host key is known|Host key verification failed|host key.* not in list/i,
    code: 'HOST_KEY_REFUSED',
    because: 'its host key is not in known_hosts',
    hint: 'Connect once by hand and compare the fingerprint, or put the key there: ssh-keyscan, after you have compared it.',
  },
  {
    pattern:
      /Bad owner or permissions on|Bad configuration option|terminating, \d+ bad configuration|Can't open user config file/i,
    code: 'HOST_DENIED',
    because: 'ssh does not take its configuration',
    hint: 'Mend the ssh_config that is named below.',
  },
  {
    pattern: /Too many authentication failures/i,
    code: 'HOST_DENIED',
    because: 'too many keys were offered before the right one',
    hint: 'Set IdentityFile and IdentitiesOnly yes for this host in your ssh_config.',
  },
  {
    pattern: /Permission denied|Authentication failed|No more authentication methods/i,
    code: 'HOST_DENIED',
    because: 'it lets this user in with none of the keys that were offered',
    hint: 'Try it by hand (ssh -v). A key with a passphrase has to be in the agent: deployctl answers no questions.',
  },
  {
    pattern: /Could not resolve hostname|Name or service not known|nodename nor servname/i,
    code: 'HOST_UNREACHABLE',
    because: 'its name has no address',
    hint: 'Correct it in deploy.yaml, or in the ssh_config where it is an alias.',
  },
  {
    pattern: /Connection refused/i,
    code: 'HOST_UNREACHABLE',
    because: 'nothing listens there (connection refused)',
    hint: 'Look whether sshd runs on it, and on that port.',
  },
  {
    pattern:
      /during banner exchange|kex_exchange_identification|ssh_exchange_identification|Exceeded MaxStartups/i,
    code: 'HOST_UNREACHABLE',
    because: 'it took the connection and closed it without a word',
    hint: 'It may be overloaded or limit new connections (MaxStartups): lower ssh.startsAtOnce.',
    passes: true,
  },
  {
    pattern:
      /Connection timed out|Operation timed out|timed out|No route to host|Network is unreachable|Host is down/i,
    code: 'HOST_UNREACHABLE',
    because: 'it does not answer',
    hint: 'Look whether it is up, and whether a firewall is in between.',
  },
  {
    pattern: /This account is( currently)? not available|nologin/i,
    code: 'HOST_DENIED',
    because: 'the user has no login shell there',
    hint: 'Give the user a shell: chsh -s /bin/sh.',
  },
  {
    pattern: /\/bin\/sh.*(not found|No such file)/i,
    code: 'HOST_UNFIT',
    because: 'it has no /bin/sh',
    hint: 'deployctl needs a POSIX shell on the host.',
  },
]

/** When there is no connection at all. */
export function notConnected(host: HostAddress, loss: Loss): DeployError {
  const meaning = meaningOf(loss)
  const because =
    meaning?.because ?? `ssh ended with ${loss.exitCode ?? 'a signal'} before anything was done there`
  return new DeployError(
    meaning?.code ?? 'HOST_UNREACHABLE',
    `The host ${sayHost(host)} cannot be used: ${because}.`,
    {
      details: linesOf(loss.said),
      hint: meaning?.hint ?? `Try it by hand: ssh ${sayAddress(host)} true`,
    },
  )
}

/** When it was there and is gone. */
export function connectionLost(host: HostAddress, doing: string, loss: Loss): DeployError {
  return new DeployError(
    'HOST_UNREACHABLE',
    `The connection to ${sayHost(host)} was lost while it was asked to ${doing}.`,
    {
      details: linesOf(loss.said),
      hint: 'Whether that was done shows when the host is looked at again: deployctl status.',
    },
  )
}

/** Whether trying again in a moment is worth it. */
export function mayPass(loss: Loss): boolean {
  return !loss.wasOpen && meaningOf(loss)?.passes === true
}

/** `web1 (deploy@10.0.1.5:2222)`, or the name alone where it says all. */
export function sayHost(host: HostAddress): string {
  const address = sayAddress(host)
  return address === host.name ? host.name : `${host.name} (${address})`
}

function meaningOf(loss: Loss): Meaning | undefined {
  return meanings.find(({ pattern }) => pattern.test(loss.said))
}

function linesOf(said: string): readonly string[] {
  return said
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^@+$/.test(line))
    .slice(-12)
}
