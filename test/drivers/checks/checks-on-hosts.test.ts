/** Checks of a service on another machine: asked there, with the tools that a Debian has and those that BusyBox has. */
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect } from 'vitest'
import { checkDrivers } from '../../../src/drivers/checks/catalog.js'
import { listProcesses } from '../../../src/drivers/checks/process-table.js'
import { systemShell } from '../../../src/drivers/system/system-shell.js'
import type { HostLink } from '../../../src/model/host.js'
import type { HealthCheck, ProbeAnswer, ProbePlace } from '../../../src/model/health-check.js'
import type { DriverSpec } from '../../../src/model/spec.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { linkBench, type LinkBench } from '../../support/link-bench.js'
import { describeWith, testWith } from '../../support/needs.js'
import { startSshHost, type SshHost } from '../../support/ssh-host.js'

const never = new AbortController().signal
/** httpd is BusyBox's; the network is this machine's, so ports are picked here. */
const prepare = `
  mkdir -p /srv/www /srv/app/log; echo '{"up":true}' >/srv/www/health
  echo 'old FATAL' >/srv/app/log/app.log
  mkdir -p /full; mount -t tmpfs -o size=1m tmpfs /full; head -c 2000000 /dev/zero >/full/x 2>/dev/null || :`

for (const kind of ['debian', 'busybox'] as const) {
  describeWith('ssh-hosts', `on a ${kind} host`, () => {
    const test = testWith('ssh-hosts')
    let host: SshHost
    let links: LinkBench
    let link: HostLink
    let ports: DriverPorts
    let port: number
    beforeAll(async () => {
      host = await startSshHost({ kind, prepare })
      links = await linkBench()
      link = await links.link(host.port)
      ports = await driverPorts({ TOKEN: 'hush-hush' })
      port = await freePort()
      await host.inside(`busybox httpd -p 127.0.0.1:${port} -h /srv/www`)
    })
    afterAll(async () => {
      await ports.remove()
      await links.end()
      await host.stop()
    })

    const place = (): ProbePlace => ({
      host: 'web1',
      hostAddress: '127.0.0.1',
      shell: link.shell,
      tunnel: (to, at) => link.tunnel(to, at),
      folder: '/srv/app',
      env: { DEPLOYCTL_HOST: 'web1' },
      reach: null,
      mark: null,
    })
    const check = (spec: DriverSpec): HealthCheck =>
      checkDrivers[spec.type as keyof typeof checkDrivers].create(spec, ports) // as the tests below write it
    const ask = (spec: DriverSpec): Promise<ProbeAnswer> => check(spec).probe(place(), never)
    const well = (seen: string | RegExp) => ({ healthy: true, seen: expect.stringMatching(seen) as string })
    const bad = (seen: string | RegExp) => ({ healthy: false, seen: expect.stringMatching(seen) as string })

    test('http asks through the connection', async () => {
      expect(await ask({ type: 'http', port, path: '/health', contains: '"up":true' })).toMatchObject(
        well('200'),
      )
      expect(await ask({ type: 'http', url: `http://127.0.0.1:${port}/no` })).toMatchObject(
        bad('answered 404'),
      )
      expect(await ask({ type: 'http', port: await freePort(), path: '/' })).toMatchObject(
        bad(/nothing listens on .* \(connection refused\)/),
      )
      const stop = AbortSignal.timeout(1500)
      const silent = createServer().listen(0, '127.0.0.1')
      await new Promise((done) => silent.once('listening', done))
      const address = silent.address() as { port: number } // it listens on a port
      expect(await check({ type: 'http', port: address.port, path: '/' }).probe(place(), stop)).toMatchObject(
        bad('asked from the host'),
      )
      silent.close()
    })

    test('tcp connects there', async () => {
      expect(await ask({ type: 'tcp', port })).toMatchObject(well('accepts connections on web1'))
      expect(await ask({ type: 'tcp', port: await freePort() })).toMatchObject(bad('no connection from web1'))
      expect(await ask({ type: 'tcp', port, at: 'controller' })).toMatchObject(
        well(/^\S+ accepts connections$/),
      )
    })

    test('command runs in the folder of the release there', async () => {
      expect(
        await ask({ type: 'command', shell: 'test "$PWD $DEPLOYCTL_HOST" = "/srv/app web1"' }),
      ).toMatchObject(well('exited with 0'))
      const here = `test "$PWD" = "${ports.projectDirectory}"`
      expect(await ask({ type: 'command', shell: here, directory: 'project' })).toMatchObject(well('with 0'))
      expect(await ask({ type: 'command', shell: here, at: 'controller' })).toMatchObject(well('with 0'))
      await expect(
        ask({ type: 'command', run: ['true'], at: 'host', directory: 'project' }),
      ).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    })

    test('process sees the processes there, and none of here', async () => {
      await host.inside(
        'sleep 4321 >/dev/null 2>&1 & echo $! >/srv/app/app.pid; echo 999999 >/srv/app/old.pid',
      )
      expect(await ask({ type: 'process', name: 'sleep', matches: '4321' })).toMatchObject(well('alive'))
      expect(await ask({ type: 'process', pidFile: 'app.pid', name: 'sleep' })).toMatchObject(
        well('/srv/app/app.pid'),
      )
      expect(await ask({ type: 'process', pidFile: 'app.pid', name: 'nginx' })).toMatchObject(bad('stale'))
      expect(await ask({ type: 'process', pidFile: 'old.pid' })).toMatchObject(bad('999999, which is gone'))
      expect(await ask({ type: 'process', pidFile: 'none.pid' })).toMatchObject(bad('there is no pidfile'))
      expect(await ask({ type: 'process', matches: 'vitest' })).toMatchObject(bad('dead: no process'))
      const local = (await listProcesses(systemShell, never)).find(({ pid }) => pid === process.pid)
      expect(local).toMatchObject({ zombie: false })
    })

    test('disk, memory and load are its own', async () => {
      expect(await ask({ type: 'disk', path: '/full', minFree: '1MiB' })).toMatchObject(
        bad('/full has .* of 1.0 MB'),
      )
      expect(await ask({ type: 'disk', path: 'log', minFree: '1B' })).toMatchObject(well('^/srv/app/log has'))
      expect(await ask({ type: 'disk', path: '/nowhere', minFree: '1B' })).toMatchObject(
        bad('/nowhere does not exist'),
      )
      expect(await ask({ type: 'memory', minAvailable: '1MiB' })).toMatchObject(well('^memory: '))
      expect(await ask({ type: 'load', max: 100_000 })).toMatchObject(
        well(/load \d+\.\d\d over 1m on \d+ core/),
      )
      expect(await ask({ type: 'load', maxPerCore: 1e-9, over: '15m' })).toMatchObject(
        bad('per core is wanted'),
      )
    })

    test('log finds what is new since the mark, also over a rotation', async () => {
      const spec = { type: 'log', file: 'log/app.log', without: 'FATAL|panic' }
      const log = check(spec)
      const mark = await log.mark!(place(), never)
      const look = () => log.probe({ ...place(), mark }, never)
      expect(await look()).toMatchObject(well('has no new line that matches FATAL'))
      await host.inside('echo fine >>/srv/app/log/app.log')
      expect(await look()).toMatchObject({ healthy: true })
      await host.inside('cd /srv/app/log; mv app.log app.log.1; echo fine >app.log')
      expect(await look()).toMatchObject({ healthy: true })
      await host.inside('echo "panic: late" >>/srv/app/log/app.log.1')
      expect(await look()).toMatchObject(bad('matches FATAL|panic: panic: late'))
      await host.inside('rm /srv/app/log/app.log.1; : >/srv/app/log/app.log')
      expect(await look()).toMatchObject({ healthy: true })
      await host.inside('echo "FATAL anew" >/srv/app/log/app.log')
      expect(await look()).toMatchObject(bad('FATAL anew'))
      expect(await ask({ ...spec, file: '/none' })).toMatchObject(bad('/none does not exist'))
      await expect(ask({ ...spec, without: '(' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    })

    if (kind === 'busybox') {
      test('what needs a program says which one is missing', async () => {
        await expect(ask({ type: 'systemd', unit: 'shop' })).rejects.toMatchObject({
          message: 'The host web1 has no systemd, so no unit shop.',
        })
        await expect(ask({ type: 'postgres', url: 'postgres://u@db/shop' })).rejects.toMatchObject({
          message: 'The host web1 has no psql to ask PostgreSQL shop at db with.',
        })
        await expect(ask({ type: 'mysql', url: 'mysql://u@db/shop' })).rejects.toMatchObject({
          message: 'The host web1 has neither mariadb nor mysql to ask MySQL shop at db with.',
        })
      })
      return
    }

    test('PostgreSQL is asked with the settings of the application', async () => {
      const database = await freePort()
      await host.inside(`
        mkdir /srv/pg; chown postgres /srv/pg; cd /srv/pg; bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
        setpriv --reuid postgres --regid postgres --clear-groups sh -ec '
          echo "pa:ss/w@rd" >pw; "$0/initdb" -D d -A scram-sha-256 --pwfile=pw -U shop >/dev/null
          "$0/pg_ctl" -D d -l log -w -o "-p '${database}' -k /srv/pg -c listen_addresses=127.0.0.1 -c fsync=off" start >/dev/null' "$bin"
        printf 'A=1\\nexport DATABASE_URL="postgres://shop:pa%%3Ass%%2Fw%%40rd@127.0.0.1:${database}/postgres" # ours\\nBAD=postgres://shop:wrong-one@127.0.0.1:${database}/postgres\\n' >/srv/app/.env`)
      const spec = { type: 'postgres', envFile: '.env', variable: 'DATABASE_URL' }
      expect(await ask(spec)).toEqual({
        healthy: true,
        seen: `PostgreSQL postgres at 127.0.0.1:${database} answers`,
      })
      const wrong = await ask({ ...spec, variable: 'BAD' })
      expect(wrong).toMatchObject(bad('password authentication failed'))
      expect(JSON.stringify(wrong)).not.toContain('wrong-one')
      expect(await ask({ ...spec, variable: 'NONE' })).toMatchObject(bad('do not have NONE'))
      expect(await ask({ ...spec, envFile: 'none' })).toMatchObject(bad('could not be read'))
      const url = `postgres://shop:\${secret.TOKEN}@127.0.0.1:${await freePort()}/postgres`
      const down = await ask({ type: 'postgres', url })
      expect(down).toMatchObject(bad('onnection refused|running on that host'))
      expect(JSON.stringify(down)).not.toContain('hush-hush')
    })

    test('MySQL is asked by the parts of its address', async () => {
      const database = await freePort()
      await host.inside(`
        mkdir -p /srv/my /run/mysqld; chown mysql /srv/my /run/mysqld; cd /srv/my
        mariadb-install-db --no-defaults --user=mysql --datadir=/srv/my/d --auth-root-authentication-method=normal --skip-test-db >/dev/null
        setsid mariadbd --no-defaults --user=mysql --datadir=/srv/my/d --port=${database} --bind-address=127.0.0.1 --socket=/srv/my/s >/srv/my/log 2>&1 &
        for t in $(seq 200); do mariadb --no-defaults -S /srv/my/s -e "create user shop@'127.0.0.1' identified by 'it''s'; create database shop; grant all on shop.* to shop@'127.0.0.1'" 2>/dev/null && break; sleep 0.1; done
        printf 'DB_HOST=127.0.0.1\\nDB_PORT=${database}\\nDB_USERNAME=shop\\nDB_PASSWORD="it'"'"'s"\\nDB_DATABASE=shop\\nDB_OTHER=none\\n' >/srv/app/my.env`)
      const variables = {
        host: 'DB_HOST',
        port: 'DB_PORT',
        user: 'DB_USERNAME',
        password: 'DB_PASSWORD',
        database: 'DB_DATABASE',
      }
      const spec = { type: 'mysql', envFile: 'my.env', variables }
      expect(await ask(spec)).toEqual({ healthy: true, seen: `MySQL shop at 127.0.0.1:${database} answers` })
      expect(await ask({ ...spec, variables: { ...variables, database: 'DB_OTHER' } })).toMatchObject(
        bad(/denied|Unknown database/),
      )
    })

    test('a host that is not reached is a bad answer, and forwarding that is forbidden is told', async () => {
      const gone = await links.link(1)
      const answer = await check({ type: 'load', max: 1 }).probe({ ...place(), shell: gone.shell }, never)
      expect(answer).toMatchObject(bad('cannot be used: nothing listens there'))
      const strict = await startSshHost({ sshd: ['AllowTcpForwarding no'] })
      const tight = await links.link(strict.port)
      const tunnel = (to: string, at: number) => tight.tunnel(to, at)
      await expect(
        check({ type: 'http', port, path: '/health' }).probe({ ...place(), tunnel }, never),
      ).rejects.toMatchObject({
        code: 'HOST_UNFIT',
        hint: expect.stringContaining('AllowTcpForwarding') as string,
      })
      await strict.stop()
    })
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number } // it listens on a port
  await new Promise((done) => server.close(done))
  return port
}
