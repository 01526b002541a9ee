/** What the doctor finds on real machines. */
import { afterAll, afterEach, beforeEach, expect } from 'vitest'
import { examine } from '../../../src/drivers/hosts/examine.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import { linkBench, type LinkBench } from '../../support/link-bench.js'
import { describeWith, testWith } from '../../support/needs.js'
import { startSshHost, type SshHost, type SshHostOptions } from '../../support/ssh-host.js'

describeWith('ssh-hosts', 'looking at a host', () => {
  const test = testWith('ssh-hosts')
  let bench: LinkBench
  const hosts: SshHost[] = []
  beforeEach(async () => {
    bench = await linkBench()
  })
  afterEach(() => bench.end())
  afterAll(() => Promise.all(hosts.map((host) => host.stop())))

  async function look(options: SshHostOptions, folders: string[] = [], user = 'root') {
    const host = await startSshHost(options)
    hosts.push(host)
    return examine(await bench.link(host.port, { user }), folders, systemClock, new AbortController().signal)
  }

  for (const kind of ['debian', 'busybox'] as const) {
    test(`finds everything on a ${kind} host, and the room where a folder will be`, async () => {
      const prepare = 'mkdir -p /data; mount -t tmpfs -o size=8m,nr_inodes=100 tmpfs /data'
      const found = await look({ kind, prepare }, ['/data/a/b', '/proc/1/x'])
      expect(found).toMatchObject({ user: 'root', missing: [], clockAheadMs: 0, sudo: true })
      expect(found.folders[0]).toEqual({
        path: '/data/a/b',
        isWritable: true,
        freeBytes: 8 * 2 ** 20,
        freeFiles: 99,
        mountedAt: '/data',
      })
    })
  }

  test('tries tools out: one that is there but too old counts as missing', async () => {
    const prepare =
      'rm -f /bin/sha256sum; rm -f /bin/mv; printf \'#!/bin/sh\\n[ "$1" = -fT ] && exit 1; exec /bin/busybox mv "$@"\\n\' >/bin/mv; chmod 755 /bin/mv'
    expect((await look({ prepare })).missing).toEqual(['mv -T', 'sha256sum'])
  })

  test('sees a clock that is off, a user without sudo and a folder that is not theirs', async () => {
    const prepare =
      'useradd -m plain; passwd -d plain >/dev/null; mv /usr/bin/date /usr/bin/date.real; printf \'#!/bin/sh\\n[ "$1" = +%%s ] && echo 1000000000 || exec date.real "$@"\\n\' >/usr/bin/date; chmod 755 /usr/bin/date'
    const found = await look({ prepare }, ['/srv/app'], 'plain')
    expect(found).toMatchObject({ user: 'plain', sudo: false, folders: [{ isWritable: false }] })
    expect(found.clockAheadMs).toBeLessThan(-86_400_000)
  })
})
