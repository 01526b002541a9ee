/**
 * Machines to deploy to: each an sshd with its own file system, processes and host name. A test starts what it needs
 * and ends it; what is on a machine is looked at from outside, under `root`.
 */
import { execFile, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { addressOf } from './needs.js'

const run = promisify(execFile)

export interface SshHostOptions {
  /** A copy of this machine, or one with BusyBox and nothing else. */
  readonly kind?: 'debian' | 'busybox'
  /** Runs inside as root before sshd does, with /bin/sh: makes users, mounts, files. */
  readonly prepare?: string
  readonly sshd?: readonly string[]
}

export interface SshHost {
  readonly port: number
  /** Its file system, seen from here. */
  readonly root: string
  /** Runs a script of /bin/sh inside, as root. */
  inside(script: string): Promise<string>
  stop(): Promise<void>
}

/** A port that was free a moment ago may be somebody else's by now: then with another one. */
export async function startSshHost(options: SshHostOptions = {}): Promise<SshHost> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(options)
    } catch (error) {
      if (tries === 5 || !String(error).includes('Address already in use')) throw error
    }
  }
}

async function startOnce(options: SshHostOptions): Promise<SshHost> {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-host-'))
  const { folder: keys } = sshKeys()
  const port = await freePort()
  const kind = options.kind ?? 'debian'
  const lower = kind === 'busybox' ? await busyboxRoot(folder) : '/'
  const lines = [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    'HostKey /run/ssh-host-key',
    'PidFile none',
    'AuthorizedKeysFile /run/ssh-user-key.pub',
    'AuthenticationMethods publickey',
    'PermitRootLogin prohibit-password',
    'UsePAM no',
    'StrictModes no',
    'PrintMotd no',
    ...(options.sshd ?? []),
  ]
  const script = `
    mkdir -p "$1/mount"; mount -t tmpfs tmpfs "$1/mount"; cd "$1/mount"; mkdir upper work root
    mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/mount/upper,workdir=$1/mount/work" root
    for each in proc dev run tmp; do mkdir -p root/$each; done
    mount -t proc proc root/proc; mount --rbind /dev root/dev
    mount -t tmpfs tmpfs root/run; mount -t tmpfs -o mode=1777 tmpfs root/tmp
    mkdir -p root/run/sshd; chmod 755 root/run root/run/sshd
    cp "$3/host" root/run/ssh-host-key; cp "$3/user.pub" root/run/ssh-user-key.pub
    printf '%s\\n' "$4" > root/run/sshd-config
    hostname ssh-host
    printf '%s\\n' "$5" > root/run/prepare; chroot root /bin/sh -e /run/prepare
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot root /usr/sbin/sshd -D -e -f /run/sshd-config`
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child'],
      ...['--propagation', 'private', 'bash', '-ec', script, 'host'],
      ...[folder, lower, keys, lines.join('\n'), options.prepare ?? ''],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => {
    if (said.length < 10_000) said += bytes.toString()
  })
  const ended = new Promise((done) => child.once('close', done))
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  for (let tries = 0; !said.includes('Server listening on'); tries++) {
    if (child.exitCode !== null || tries > 1000) {
      await stop()
      throw new Error(`the host did not start: ${said.trim()}`)
    }
    await sleep(20)
  }
  const init = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
  return {
    port,
    root: `/proc/${init}/root`,
    stop,
    async inside(text) {
      const enter = [
        '-t',
        init,
        '-m',
        '-u',
        '-i',
        '-p',
        `--root=/proc/${init}/root`,
        '--wd=/',
        '/bin/sh',
        '-ec',
        text,
      ]
      return (await run('nsenter', enter)).stdout
    },
  }
}

export function sshKeys(): { readonly folder: string } {
  return JSON.parse(addressOf('ssh-hosts')) as { folder: string } // as test/services/ssh-hosts.mjs writes it
}

/** An ssh_config that knows the key of this run's user and the host keys at these ports; answers its path. */
export async function writeSshConfig(
  folder: string,
  ports: readonly number[],
  more: readonly string[] = [],
): Promise<string> {
  const keys = sshKeys()
  const hostKey = readFileSync(join(keys.folder, 'host.pub'), 'utf8').split(' ').slice(0, 2).join(' ')
  const known = join(folder, 'known_hosts')
  writeFileSync(known, ports.map((port) => `[127.0.0.1]:${port} ${hostKey}\n`).join(''))
  const config = join(folder, 'ssh_config')
  const lines = [
    `IdentityFile ${join(keys.folder, 'user')}`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile ${known}`,
  ]
  writeFileSync(config, `${[...more, 'Host *', ...lines.map((line) => `  ${line}`)].join('\n')}\n`)
  return config
}

/** sshd takes no port 0, so one is found for it. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo // it listens on a port
  await new Promise((done) => server.close(done))
  return port
}

/** BusyBox under all its names, sshd with what it needs to run, and nothing else. */
async function busyboxRoot(folder: string): Promise<string> {
  const root = join(folder, 'busybox')
  for (const each of ['bin', 'etc', 'root', 'srv', 'usr/sbin', 'usr/bin'])
    mkdirSync(join(root, each), { recursive: true })
  const which = async (name: string): Promise<string> => (await run('which', [name])).stdout.trim()
  cpSync(await which('busybox'), join(root, 'bin/busybox'))
  const { stdout: names } = await run('busybox', ['--list'])
  for (const name of names.split('\n').filter((one) => one !== '' && one !== 'busybox'))
    symlinkSync('/bin/busybox', join(root, 'bin', name))
  const programs = ['/usr/sbin/sshd', '/usr/lib/openssh/sshd-session', '/usr/lib/openssh/sshd-auth']
  for (const program of programs.filter((one) => existsSync(one))) {
    const { stdout: needed } = await run('ldd', [program])
    const files = [program, ...[...needed.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)]
    for (const file of files) {
      mkdirSync(dirname(join(root, file)), { recursive: true })
      cpSync(file, join(root, file), { dereference: true })
    }
  }
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\n',
  )
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n')
  return root
}
