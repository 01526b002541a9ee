// A machine whose first process is systemd: a Debian root folder in namespaces of its own (mounts, processes, network,
// host name), with this repository, this Node and one shared folder visible at the same paths. The root folder is made
// once and kept in the cache; a run writes to an overlay above it.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from './eventually.mjs'
import { isRoot, requirePrograms, run } from './packages.mjs'

const cache = '/var/cache/deployctl-tests'
const repository = join(import.meta.dirname, '..', '..')

export async function startSystemdHost(place) {
  if (!isRoot || !existsSync('/etc/debian_version')) throw new Error('a systemd host needs root on Debian')
  await requirePrograms({ debootstrap: 'debootstrap', nsenter: 'util-linux', setpriv: 'util-linux' })
  const lower = await makeRoot()
  const folder = join(place, 'systemd')
  for (const name of ['upper', 'work', 'root', 'shared']) mkdirSync(join(folder, name), { recursive: true })
  const host = boot(lower, folder)
  const stop = async () => {
    host.kill('SIGKILL') // its namespaces, and with them all processes and mounts, go as well
    await new Promise((done) =>
      host.exitCode === null && host.signalCode === null ? host.once('exit', done) : done(),
    )
    await removeGroup(join(cgroups(), `deployctl-test-${host.pid}`))
  }
  try {
    const enter = await ready(host)
    return { address: JSON.stringify({ enter, shared: join(folder, 'shared') }), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Debian trixie with systemd and nothing else; made in a temporary folder, so that half of one is never used. */
async function makeRoot() {
  const root = join(cache, 'trixie')
  if (existsSync(root)) return root
  mkdirSync(cache, { recursive: true })
  const half = mkdtempSync(join(cache, 'half-'))
  try {
    const include = '--include=systemd,systemd-sysv,dbus,libstdc++6,libatomic1'
    await run('debootstrap', ['--variant=minbase', include, 'trixie', half, mirror()], {
      maxBuffer: 64 * 1024 * 1024,
    })
    const idle = [
      'getty.target',
      'console-getty',
      'systemd-networkd',
      'systemd-resolved',
      'systemd-timesyncd',
    ]
    await run('chroot', [half, 'systemctl', 'mask', ...idle])
    renameSync(half, root)
  } catch (error) {
    rmSync(half, { recursive: true, force: true })
    if (existsSync(root)) return root // another run was quicker
    throw new Error(
      `debootstrap failed: ${String(error.stdout ?? error.message)
        .trim()
        .split('\n')
        .at(-1)}`,
    )
  }
  return root
}

/** Where this machine's own Debian packages come from. */
function mirror() {
  const folder = '/etc/apt/sources.list.d'
  const lists = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
  for (const file of ['/etc/apt/sources.list', ...lists]) {
    if (!existsSync(file)) continue
    const found = /^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(https?:\S+\/debian)\/?\s*(?:\s|$)/m.exec(
      readFileSync(file, 'utf8'),
    )
    if (found !== null) return found[1]
  }
  throw new Error('no Debian mirror is configured in /etc/apt')
}

/** Where the second version of control groups is mounted: beside the first on older machines. */
function cgroups() {
  return existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup'
}

/** The kernel lets a control group go once its last process is gone. */
async function removeGroup(folder) {
  for (let tries = 0; existsSync(folder) && tries < 100; tries++) {
    await run('find', [folder, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+']).catch(() => sleep(20))
  }
}

function boot(lower, folder) {
  const root = join(folder, 'root')
  const shared = join(folder, 'shared')
  const script = `
    set -e
    mkdir -p ${cgroups()}/deployctl-test-$$ && echo $$ > ${cgroups()}/deployctl-test-$$/cgroup.procs
    exec unshare --mount --uts --ipc --pid --net --cgroup --fork --kill-child --propagation private bash -ec '
      mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$3"
      mount -t proc proc "$3/proc"; mount -t sysfs sysfs "$3/sys"; mount -t cgroup2 cgroup2 "$3/sys/fs/cgroup"
      mount --rbind /dev "$3/dev"; mount -t tmpfs tmpfs "$3/run"; mount -t tmpfs tmpfs "$3/tmp"
      for path in "$4" "$5"; do mkdir -p "$3$path"; mount --rbind "$path" "$3$path"; done
      touch "$3/usr/local/bin/node"; mount --bind "$6" "$3/usr/local/bin/node"
      hostname systemd-host; cd "$3"
      exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb chroot "$3" /sbin/init --log-target=null --unit=multi-user.target
    ' host "$@"`
  const parameters = [lower, folder, root, repository, shared, process.execPath]
  return spawn('setpriv', ['--pdeathsig', 'KILL', 'bash', '-c', script, 'host', ...parameters], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Waits for systemd and answers the command line that runs a program inside. */
async function ready(host) {
  let said = ''
  host.stderr.on('data', (bytes) => (said += String(bytes)))
  const hasEnded = () => host.exitCode !== null || host.signalCode !== null
  return eventually(
    'the systemd host',
    async (leftMs) => {
      const init = systemdBelow(host.pid)
      const inside = ['-t', init, '-m', '-u', '-i', '-p', '-C', '-n', `--root=/proc/${init}/root`, '--wd=/']
      const options = { timeout: Math.min(leftMs, 30_000), killSignal: 'SIGKILL' }
      const question = run('nsenter', [...inside, 'systemctl', 'is-system-running'], options)
      const { stdout = '' } = await question.catch((error) => error) // degraded is an error to it
      if (!/^(running|degraded)/.test(stdout)) throw new Error(`it said "${stdout.trim()}"`)
      return ['nsenter', ...inside]
    },
    { hopeless: () => (hasEnded() ? `it ended: ${said.trim().split('\n').at(-1)}` : undefined) },
  )
}

/** The first process inside, once it is systemd: before that it is a shell that still sees this machine's own folders. */
function systemdBelow(pid) {
  const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]
  const name = child === '' ? 'nobody' : readFileSync(`/proc/${child}/comm`, 'utf8').trim()
  if (name !== 'systemd') throw new Error(`${name} is there, not systemd yet`)
  return child
}
