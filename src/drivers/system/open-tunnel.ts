/** A command whose input and output are a connection (`ssh -W`), as a stream; why it is none becomes the stream's error. */
import { Duplex } from 'node:stream'
import { DeployError } from '../../base/deploy-error.js'
import { openChild } from './open-child.js'

/** What ssh says of a connection that the other end could not make, and what Node would call it. */
const codes: readonly (readonly [RegExp, string])[] = [
  [/Connection refused/i, 'ECONNREFUSED'],
  [/Name or service not known|Temporary failure in name|nodename nor servname|unknown host/i, 'ENOTFOUND'],
  [/timed out/i, 'ETIMEDOUT'],
  [/No route to host/i, 'EHOSTUNREACH'],
  [/Network is unreachable/i, 'ENETUNREACH'],
]
const mostSaidBytes = 8192

/** Throws DeployError COMMAND_NOT_FOUND when the program is not there. */
export async function openTunnel(command: readonly string[]): Promise<Duplex> {
  const child = await openChild(command)
  child.keep(true)
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => {
    if (said.length < mostSaidBytes) said += bytes.toString('utf8')
  })
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (bytes, _encoding, done) => void child.stdin.write(bytes, () => done()), // a broken pipe ends the child
    final: (done) => void child.stdin.end(done),
    destroy(error, done) {
      child.kill()
      done(error)
    },
  })
  child.stdout.on('data', (bytes: Buffer) => {
    if (!stream.push(bytes)) child.stdout.pause()
  })
  // its end is only told once it is known whether that is a failure
  void child.ended.then((exitCode) => {
    if (exitCode === 0) stream.push(null)
    else if (!stream.destroyed) stream.destroy(troubleOf(said))
  })
  return stream
}

function troubleOf(said: string): Error {
  if (/administratively prohibited|forwarding .*(disabled|denied)/i.test(said)) {
    return new DeployError('HOST_UNFIT', 'The sshd of the host lets nobody connect through it.', {
      details: [said.trim()],
      hint: 'Allow it (AllowTcpForwarding yes), ask from here with at: controller, or use a command check with curl.',
    })
  }
  const lines = said.trim().split(/\r?\n/)
  const code = codes.find(([pattern]) => pattern.test(said))?.[1]
  return Object.assign(
    new Error(lines[0] === '' ? 'ssh ended' : lines[0]),
    code === undefined ? {} : { code },
  )
}
