// The real components that tests use, one entry each. `start` returns the address that tests read (as text) and, when
// something has to be ended, `stop`; it throws a sentence when the component cannot be had. A test asks for one with
// `testWith('name')` of test/support/needs.ts.
import { startCephRgw } from './ceph-rgw.mjs'
import { startGitHubFixtures } from './github-fixtures.mjs'
import { requirePrograms } from './packages.mjs'
import { startDockerEngine } from './docker-engine.mjs'
import { startDockerRegistry } from './docker-registry.mjs'
import { probeRegistry } from './npm-registry.mjs'
import { mountSmallDisk } from './small-disk.mjs'
import { prepareSshHosts } from './ssh-hosts.mjs'
import { startSshd } from './sshd.mjs'
import { startSystemdHost } from './systemd-host.mjs'

const archivePrograms = { bzip2: 'bzip2', xz: 'xz-utils', zstd: 'zstd', zip: 'zip', unzip: 'unzip' }
const podmanPrograms = {
  podman: 'podman',
  '/usr/lib/podman/netavark': 'netavark',
  '/usr/lib/podman/aardvark-dns': 'aardvark-dns',
  runc: 'runc',
}
const machinePrograms = { ps: 'procps', openssl: 'openssl', script: 'bsdutils' }
const signingPrograms = { minisign: 'minisign', gpg: 'gpg', gpgv: 'gpgv', openssl: 'openssl', shasum: 'perl' }

export const services = [
  { name: 'git', howTo: 'apt-get install git', start: () => requirePrograms({ git: 'git' }) },
  {
    name: 'archive-tools',
    howTo: `apt-get install ${Object.values(archivePrograms).join(' ')}`,
    start: () => requirePrograms(archivePrograms),
  },
  {
    name: 'machine-tools',
    howTo: `apt-get install ${Object.values(machinePrograms).join(' ')}`,
    start: () => requirePrograms(machinePrograms),
  },
  {
    name: 'signing-tools',
    howTo: `apt-get install ${Object.values(signingPrograms).join(' ')}`,
    start: () => requirePrograms(signingPrograms),
  },
  {
    name: 'chromium',
    howTo: 'apt-get install chromium',
    start: () => requirePrograms({ chromium: 'chromium' }),
  },
  { name: 'tmux', howTo: 'apt-get install tmux', start: () => requirePrograms({ tmux: 'tmux' }) },
  {
    name: 'logrotate',
    howTo: 'apt-get install logrotate',
    start: () => requirePrograms({ logrotate: 'logrotate' }),
  },
  { name: 'zsh', howTo: 'apt-get install zsh', start: () => requirePrograms({ zsh: 'zsh' }) },
  { name: 'fish', howTo: 'apt-get install fish', start: () => requirePrograms({ fish: 'fish' }) },
  {
    name: 'docker-registry',
    howTo: 'apt-get install docker-registry apache2-utils openssl',
    start: startDockerRegistry,
  },
  {
    name: 'docker-engine',
    howTo: 'run the tests as root on Debian, or start a Docker engine and install gcc and libc6-dev',
    start: startDockerEngine,
  },
  {
    name: 'podman',
    howTo: 'run the tests as root on Debian, with podman netavark aardvark-dns runc',
    start: () => requirePrograms(podmanPrograms),
  },
  {
    name: 'haproxy',
    howTo: 'apt-get install haproxy',
    start: () => requirePrograms({ haproxy: 'haproxy' }),
  },
  { name: 'npm-registry', howTo: 'npm must reach its registry: npm ping', start: probeRegistry },
  { name: 'github-fixtures', howTo: 'npm must reach its registry: npm ping', start: startGitHubFixtures },
  { name: 'sshd', howTo: 'apt-get install openssh-server openssh-client git', start: startSshd },
  { name: 'ssh-hosts', howTo: 'run the tests as root on Debian', start: prepareSshHosts },
  { name: 'small-disk', howTo: 'run the tests as root on Linux', start: mountSmallDisk },
  { name: 'ceph-rgw', howTo: 'run the tests as root on Debian', start: startCephRgw },
  { name: 'systemd-host', howTo: 'run the tests as root on Debian', start: startSystemdHost },
]

/** The environment variable that carries a service's address; with `_MISSING`, the reason why it has none. */
export function variableOf(name) {
  return `TEST_SERVICE_${name.toUpperCase().replaceAll('-', '_')}`
}
