// OpenSSH's server on loopback, as the user who runs the tests, for git and nothing else: whoever holds the key of this
// run may fetch from any repository that this user can read. Every key and setting is its own and goes with the run.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.mjs'
import { isRoot, requirePrograms, run } from './packages.mjs'

export async function startSshd(place) {
  const { address: program } = await requirePrograms({
    sshd: 'openssh-server',
    ssh: 'openssh-client',
    'ssh-keygen': 'openssh-client',
    git: 'git',
  })
  if (isRoot) mkdirSync('/run/sshd', { recursive: true }) // the empty folder of its unprivileged half
  const folder = join(place, 'sshd')
  mkdirSync(folder, { mode: 0o700 })
  const [hostKey, userKey] = [join(folder, 'host'), join(folder, 'user')]
  for (const key of [hostKey, userKey])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key])
  const port = await freePort()
  const config = join(folder, 'config')
  const lines = [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${hostKey}`,
    'PidFile none',
    `AuthorizedKeysFile ${userKey}.pub`,
    'AuthenticationMethods publickey',
    'PermitRootLogin prohibit-password',
    'UsePAM no',
    'StrictModes no',
    'DisableForwarding yes',
    'ForceCommand git-shell -c "$SSH_ORIGINAL_COMMAND"',
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  const stop = await listening(program, config)
  const { username: user } = userInfo()
  const publicKey = readFileSync(`${hostKey}.pub`, 'utf8').trim()
  return { address: JSON.stringify({ host: '127.0.0.1', port, user, userKey, hostKey: publicKey }), stop }
}

/** Ready when its log says that it listens. */
function listening(program, config) {
  const child = spawn(program, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise((done) => child.once('close', done))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  return new Promise((resolve, reject) => {
    let said = ''
    const late = setTimeout(
      () => void stop().then(() => reject(new Error('it was not ready in time'))),
      60_000,
    )
    child.stderr.on('data', (bytes) => {
      if (said.length < 10_000) said += String(bytes)
      if (!said.includes('Server listening on')) return
      clearTimeout(late)
      resolve(stop)
    })
    child.once('error', reject)
    void ended.then(() => {
      clearTimeout(late)
      reject(new Error(`sshd did not start: ${said.trim().split('\n').at(-1)}`))
    })
  })
}
