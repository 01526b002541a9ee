// What tests start machines with: OpenSSH's server in namespaces of its own, over a copy-on-write view of this
// machine's root folder, or over one that holds BusyBox and nothing else (test/support/ssh-host.ts starts them, each
// test its own). Here are only the keys of this run, and the proof that such a machine can be had.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isRoot, requirePrograms, run } from './packages.mjs'

export async function prepareSshHosts(place) {
  if (!isRoot || !existsSync('/proc/self/ns/mnt')) throw new Error('hosts of their own need root on Linux')
  await requirePrograms({
    sshd: 'openssh-server',
    ssh: 'openssh-client',
    'ssh-keygen': 'openssh-client',
    busybox: 'busybox-static',
    unshare: 'util-linux',
    setpriv: 'util-linux',
    fish: 'fish',
    tcsh: 'tcsh',
    runsvdir: 'runit',
    supervisord: 'supervisor',
    sudo: 'sudo',
    pg_ctlcluster: 'postgresql',
    mariadbd: 'mariadb-server',
    mariadb: 'mariadb-client',
  })
  const folder = join(place, 'ssh-hosts')
  mkdirSync(folder, { mode: 0o700 })
  for (const key of ['host', 'user'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, key)])
  const probe =
    'mount -t tmpfs t "$0" && cd "$0" && mkdir u w r && mount -t overlay o -o "lowerdir=/,upperdir=$0/u,workdir=$0/w" r'
  await run('unshare', ['--mount', '--propagation', 'private', 'bash', '-c', probe, folder]).catch(
    (error) => {
      throw new Error(`no overlay of the root folder: ${String(error.stderr ?? error.message).trim()}`)
    },
  )
  return { address: JSON.stringify({ folder }) }
}
