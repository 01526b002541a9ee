/**
 * Running the system's `git`: never a question, never a login in an argument, and every failure in words.
 *
 * git is run rather than reimplemented because its users count on its configuration: credential helpers, ssh_config,
 * insteadOf. Kept apart from the source because each of its commands fails in the same few ways.
 */
import { DeployError, type ErrorCode } from '../../../base/deploy-error.js'
import { formatDuration } from '../../../base/duration.js'
import type { CommandResult } from '../../../model/shell.js'
import type { Ports } from '../../../model/ports.js'

export interface GitRemote {
  readonly url: string
  /** For http(s): sent as a header that only git's environment knows. */
  readonly login: { readonly user: string; readonly token: string } | null
}

export interface GitRequest {
  readonly directory: string
  readonly timeoutMs: number
  /** For messages: `listing the tags`. */
  readonly what: string
  /** For each line that git tells of its talk with the server, which it does only when somebody listens. */
  readonly onPacket?: (line: string) => void
}

/** Standard output of a git command, line by line. Throws DeployError for anything but success. */
export type Git = (
  args: readonly string[],
  request: GitRequest,
  signal: AbortSignal,
) => Promise<readonly string[]>

export function gitClient(remote: GitRemote, ports: Ports): Git {
  return async (args, { directory, timeoutMs, what, onPacket }, signal) => {
    const lines: string[] = []
    const result = await ports.shell
      .run(
        {
          command: { run: ['git', ...args] },
          directory,
          env: {
            ...environment(remote, ports.env),
            ...(onPacket === undefined ? {} : { GIT_TRACE_PACKET: '1' }),
          },
          timeoutMs,
          onLine: ({ stream, text }) => {
            if (stream === 'stdout') lines.push(text)
            else onPacket?.(text)
          },
        },
        signal,
      )
      .catch((error: unknown) => {
        throw missingGit(error)
      })
    if (result.ended === 'exit' && result.exitCode === 0) return lines
    throw failureOf(remote, what, timeoutMs, result)
  }
}

function missingGit(error: unknown): unknown {
  if (!(error instanceof DeployError) || error.code !== 'COMMAND_NOT_FOUND') return error
  return new DeployError('COMMAND_NOT_FOUND', "git is needed, and is not on this machine's PATH", {
    hint: 'Install git (Debian: apt-get install git), or use a source that needs no program, such as http.',
    cause: error,
  })
}

/**
 * No prompt on the terminal, neither git's nor ssh's (a question would stop a deployment until its deadline), and
 * messages in English, because the table below reads them.
 */
function environment(remote: GitRemote, env: Ports['env']): { readonly [name: string]: string } {
  const login = remote.login
  const isHttp = /^https?:/i.test(remote.url)
  const configured = Number(env['GIT_CONFIG_COUNT'] ?? 0)
  return {
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    LANGUAGE: '',
    ...(env['SSH_ASKPASS'] === undefined ? { SSH_ASKPASS: 'false', SSH_ASKPASS_REQUIRE: 'force' } : {}),
    ...(login === null || !isHttp
      ? {}
      : {
          GIT_CONFIG_COUNT: String(configured + 1),
          // for this repository's server only, so that a submodule elsewhere is not sent the token
          [`GIT_CONFIG_KEY_${configured}`]: `http.${new URL(remote.url).origin}/.extraHeader`,
          [`GIT_CONFIG_VALUE_${configured}`]: `Authorization: Basic ${Buffer.from(`${login.user}:${login.token}`).toString('base64')}`,
        }),
  }
}

interface Failure {
  readonly sign: RegExp
  readonly code: ErrorCode
  readonly says: string
  readonly hint: string
}

/** What git and ssh write on standard error, most telling first. Read from git 2.39 and OpenSSH 9.2. */
const failures: readonly Failure[] = [
  {
    sign: /remote host identification has changed|host key for .* has changed/i,
    code: 'SOURCE_DENIED',
    says: 'the host key of its server is another than the one in known_hosts',
    hint: "The server has a new key, or another machine answers in its place. Compare the fingerprint below with what the server's owner says; only when it is right, remove the old key (ssh-keygen -R HOST) and add the new one (ssh-keyscan HOST >> ~/.ssh/known_hosts).",
  },
  {
    sign: /host key verification failed|no .* host key is known/i,
    code: 'SOURCE_DENIED',
    says: 'the host key of its server is not known on this machine',
    hint: "Add it (ssh-keyscan HOST >> ~/.ssh/known_hosts, with -p PORT where it is not 22), and compare its fingerprint (ssh-keygen -l -f ~/.ssh/known_hosts) with what the server's owner says.",
  },
  {
    sign: /could not read (username|password)|authentication failed|permission denied \(|too many authentication failures|permission to .* denied|returned error: 40[13]|access denied|invalid username or (password|token)/i,
    code: 'SOURCE_DENIED',
    says: 'its server does not let us in',
    hint: 'For https set token: on the source or a git credential helper; for ssh load a key that the server allows into the agent (ssh-add): nobody is asked for its passphrase. Try: git ls-remote URL',
  },
  {
    sign: /dubious ownership/i,
    code: 'SOURCE_DENIED',
    says: 'git refuses it, because another user owns the folder',
    hint: 'Run git config --global --add safe.directory FOLDER, or give the folder to this user.',
  },
  {
    sign: /transport '.*' not allowed/i,
    code: 'SOURCE_DENIED',
    says: "git's configuration does not allow this kind of address (protocol.*.allow)",
    hint: 'Use an https or ssh address, also for submodules, or allow the protocol in the configuration of git.',
  },
  {
    sign: /git-upload-pack['"]?: (command )?not found/i,
    code: 'SOURCE_DENIED',
    says: 'its server has no git for us',
    hint: 'Install git there, or put it on the PATH of the user that we log in as.',
  },
  {
    sign: /cannot run .*: no such file|: command not found|: \d+: \S+: not found/i,
    code: 'COMMAND_NOT_FOUND',
    says: 'git needs another program for it, which is not on this machine',
    hint: 'For ssh install its client (Debian: apt-get install openssh-client), and see what GIT_SSH_COMMAND and core.sshCommand name.',
  },
  {
    sign: /returned error: 429|rate limit/i,
    code: 'SOURCE_RATE_LIMITED',
    says: 'its server says that we ask too often',
    hint: 'Wait a few minutes, and ask less often.',
  },
  {
    sign: /couldn't find remote ref|not our ref|unadvertised object/i,
    code: 'ARTIFACT_MISSING',
    says: 'its server does not have it (any more)',
    hint: 'Plan again: the tag may have been moved or deleted since.',
  },
  {
    sign: /could not resolve host|connection (refused|timed out|reset|closed)|closed by remote host|failed to connect|network is unreachable|no route to host|could not connect|couldn't connect|returned error: 5\d\d|operation timed out|early eof|remote end hung up|empty reply|unexpected disconnect|rpc failed|recv failure|transfer closed|not closed cleanly|redirects followed|ssl|tls|certificate/i,
    code: 'SOURCE_UNREACHABLE',
    says: 'its server cannot be reached',
    hint: 'Check the address, the network, the proxy and the certificate. Try: git ls-remote URL',
  },
  {
    sign: /repository (.* )?(not found|does not exist)|could not be found|does not appear to be a git repository|not valid: is this a git repository|returned error: 404|no such file or directory|not found/i,
    code: 'SOURCE_NOT_FOUND',
    says: 'there is no repository at its address, or none that we may see',
    hint: 'Check the address; a private repository is often "not found" to those who are not logged in.',
  },
  {
    sign: /no space left on device/i,
    code: 'DISK_FULL',
    says: 'the disk is full',
    hint: 'Make room under the cache folder.',
  },
]

function failureOf(remote: GitRemote, what: string, timeoutMs: number, result: CommandResult): DeployError {
  const details = result.lastLines
    .filter((line) => line.trim() !== '')
    .map((line) => `git: ${withoutLogin(line)}`)
  const subject = `${what} of ${withoutLogin(remote.url)} failed`
  if (result.ended === 'cancelled') return new DeployError('CANCELLED', `${subject}: cancelled`)
  if (result.ended === 'timeout') {
    return new DeployError('TIMEOUT', `${subject}: git did not finish within ${formatDuration(timeoutMs)}`, {
      hint: 'Check the network to its server; the last lines of git are below.',
      details,
    })
  }
  // without the addresses in quotes: a repository may be called tls-certificates
  const said = result.lastLines.join('\n').replace(/'[^'\s]*[/:][^'\s]*'/g, "''")
  const known = failures.find(({ sign }) => sign.test(said))
  if (known !== undefined)
    return new DeployError(known.code, `${subject}: ${known.says}`, { hint: known.hint, details })
  const end =
    result.exitCode === null
      ? `was ended by ${result.signal ?? 'a signal'}`
      : `exited with ${result.exitCode}`
  return new DeployError('COMMAND_FAILED', `${subject}: git ${end}`, {
    hint: 'Its last lines are below.',
    details,
  })
}

/** Text without the logins in its web addresses, for messages. */
function withoutLogin(text: string): string {
  return text.replace(/(https?:\/\/)[^/@\s]*@/gi, '$1')
}
