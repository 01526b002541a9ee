/** A link to one host over the system's `ssh`: scripts for what deployctl does itself, a shell for the user's commands. */
import { DeployError } from '../../base/deploy-error.js'
import { formatDuration } from '../../base/duration.js'
import type { HostLink, ScriptResult, SshSettings } from '../../model/host.js'
import type { Become } from '../../model/become.js'
import { localHost, type HostAddress } from '../../model/host-spec.js'
import { captureOutput } from '../system/output-capture.js'
import { asking, type Asked, type Entry, type LinkPorts } from './asking.js'
import { becomeBootstrap, becomeHere, preface } from './become-command.js'
import { remoteShell } from './remote-shell.js'
import type { AnswerSink } from './session.js'
import { bootstrap } from './session-program.js'
import { sshCommand, sshSocket, sshTunnel } from './ssh-command.js'
import { sayHost } from './ssh-trouble.js'

/** Answers are facts about a place; more than this is a mistake. */
const mostStdoutBytes = 256 * 2 ** 20

export function sshLink(host: HostAddress, settings: SshSettings, ports: LinkPorts): HostLink {
  const preface = () => Promise.resolve('')
  return linkBy({ command: sshCommand(host, settings, bootstrap), preface }, host, settings, ports)
}

/** As another user, by sudo; `reveal` tells the password. The machine deployctl runs on is reached without ssh. */
export function becomingLink(
  host: HostAddress,
  become: Become,
  reveal: (text: string) => Promise<string>,
  settings: SshSettings,
  ports: LinkPorts,
): HostLink {
  const command =
    host.name === localHost ? becomeHere(become) : sshCommand(host, settings, becomeBootstrap(become))
  const { password } = become
  const entry = { command, preface: async () => preface(password === null ? null : await reveal(password)) }
  return linkBy(entry, host, settings, ports)
}

function linkBy(entry: Entry, host: HostAddress, settings: SshSettings, ports: LinkPorts): HostLink {
  const { ask, connectAhead, close } = asking(host, entry, settings, ports)
  return {
    host,
    async run(request, signal) {
      const { sink, result } = collecting()
      const { doing, timeoutMs, input, onSent } = request
      const asked: Asked = {
        script: request.script,
        ...(input === undefined ? {} : { input }),
        ...(onSent === undefined ? {} : { onSent }),
        sink,
        doing,
        timeoutMs,
        repeatable: request.repeatable === true,
        interrupt: null,
        finishes: input === undefined,
      }
      const { ended, exitCode } = await ask(asked, signal)
      if (ended === 'exit') return result(exitCode ?? 1)
      const where = `on ${sayHost(host)}`
      if (ended === 'cancelled')
        throw new DeployError('CANCELLED', `It was cancelled before it could ${doing} ${where}.`)
      throw new DeployError(
        'TIMEOUT',
        `It took longer than ${formatDuration(timeoutMs)} to ${doing} ${where}.`,
        {
          details: result(1).stderr,
          hint: 'The connection was dropped. Look whether the host is overloaded or its disk hangs.',
        },
      )
    },
    shell: remoteShell(host, ask),
    socket: (here, there) => sshSocket(host, settings, { here, there }),
    tunnel: (to, port) => sshTunnel(host, settings, { host: to, port }),
    connectAhead,
    close,
  }
}

function collecting(): { sink: AnswerSink; result: (exitCode: number) => ScriptResult } {
  const stdout: Buffer[] = []
  let bytes = 0
  const said = captureOutput(() => undefined)
  return {
    sink: {
      stdout(chunk) {
        bytes += chunk.length
        if (bytes <= mostStdoutBytes) stdout.push(chunk)
      },
      stderr: (chunk) => said.write('stderr', chunk),
    },
    result(exitCode) {
      said.end()
      return {
        exitCode,
        stdout: Buffer.concat(stdout),
        stderr: said.lastLines().filter((line) => line !== ''),
      }
    },
  }
}
