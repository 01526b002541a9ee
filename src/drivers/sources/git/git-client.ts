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

/** Standard output of a git command, line by line. Throws DeployError for anything but success. */
export type Git = (
  args: readonly string[],
  request: { readonly directory: string; readonly timeoutMs: number; readonly what: string },
  signal: AbortSignal,
) => Promise<readonly string[]>

export function gitClient(remote: GitRemote, ports: Ports): Git {
  return async (args, { directory, timeoutMs, what }, signal) => {
    const lines: string[] = []
    const result = await ports.shell
      .run(
        {
          command: { run: ['git', ...args] },
          directory,
          env: environment(remote, ports.env),
          timeoutMs,
          onLine: ({ stream, text }) => {
            if (stream === 'stdout') lines.push(text)
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
    sign: /host key verification failed|remote host identification has changed|no .* host key is known/i,
    code: 'SOURCE_DENIED',
    says: 'the host key of its server is unknown or has changed',
    hint: "Check the key with the server's owner, then put it into known_hosts (ssh-keyscan HOST >> ~/.ssh/known_hosts).",
  },
  {
    sign: /could not read (username|password)|authentication failed|permission denied \(|permission to .* denied|returned error: 40[13]|access denied|invalid username or (password|token)/i,
    code: 'SOURCE_DENIED',
    says: 'its server does not let us in',
    hint: 'For https set token: on the source or a git credential helper; for ssh load a key into the agent. Try: git ls-remote URL',
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
    sign: /returned error: 429|rate limit/i,
    code: 'SOURCE_RATE_LIMITED',
    says: 'its server says that we ask too often',
    hint: 'Wait a few minutes, and ask less often.',
  },
  {
    sign: /could not resolve host|connection (refused|timed out|reset)|failed to connect|network is unreachable|no route to host|could not connect|couldn't connect|returned error: 5\d\d|operation timed out|early eof|remote end hung up|ssl|tls|certificate/i,
    code: 'SOURCE_UNREACHABLE',
    says: 'its server cannot be reached',
    hint: 'Check the address, the network, the proxy and the certificate. Try: git ls-remote URL',
  },
  {
    sign: /couldn't find remote ref|not our ref|unadvertised object/i,
    code: 'ARTIFACT_MISSING',
    says: 'its server does not have it (any more)',
    hint: 'Plan again: the tag may have been moved or deleted since.',
  },
  {
    sign: /repository .* (not found|does not exist)|does not appear to be a git repository|not valid: is this a git repository|returned error: 404|no such file or directory|repository not found|not found/i,
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
  const said = result.lastLines.join('\n')
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
