// An S3 server that is not Amazon's: Ceph's RADOS Gateway over one monitor and one store in memory, on loopback ports of
// its own, with one user. It checks signatures, keeps versions and knows ranges, as the real thing does.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.mjs'
import { freePort } from './free-port.mjs'
import { isRoot, requirePrograms, run } from './packages.mjs'

const keys = { accessKeyId: 'test', secretAccessKey: 'testing' }

export async function startCephRgw(place) {
  if (!isRoot) throw new Error('Ceph needs root')
  await requirePrograms({
    radosgw: 'radosgw',
    'ceph-mon': 'ceph-mon',
    'ceph-osd': 'ceph-osd',
    ceph: 'ceph-common',
    monmaptool: 'ceph-common',
    setpriv: 'util-linux',
  })
  const folder = join(place, 'ceph')
  const daemons = []
  const stop = async () => {
    for (const daemon of daemons.splice(0).reverse()) await daemon.stop()
  }
  try {
    const port = await startDaemons(folder, daemons)
    return { address: JSON.stringify({ endpoint: `http://127.0.0.1:${port}`, ...keys }), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startDaemons(folder, daemons) {
  const [monitorPort, port] = [await freePort(), await freePort()]
  const fsid = randomUUID()
  for (const name of ['', 'mon', 'osd', 'rgw', 'run', 'log'])
    mkdirSync(join(folder, name), { recursive: true })
  const settings = join(folder, 'ceph.conf')
  writeFileSync(settings, configuration({ folder, fsid, monitorPort, port }))
  const begin = (program, ...args) => daemons.push(keepRunning(program, [...args, '-c', settings, '-f']))
  const ask = (program, ...args) => run(program, [...args, '-c', settings], { timeout: 120_000 })
  /** To daemons that may have just been started: any of them answers wrongly, or not at all, for a while. */
  const askUntilDone = (program, ...args) =>
    eventually(`${program} ${args.join(' ')}`, (leftMs) =>
      run(program, [...args, '-c', settings], { timeout: Math.min(leftMs, 30_000), killSignal: 'SIGKILL' }),
    )

  const map = join(folder, 'monmap')
  const monitor = ['--addv', 'a', `[v1:127.0.0.1:${monitorPort}]`]
  await run('monmaptool', ['--create', ...monitor, '--fsid', fsid, map])
  await ask('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map)
  begin('ceph-mon', '-i', 'a')
  const store = randomUUID() // with a name of its own, so that asking twice for it makes one
  await askUntilDone('ceph', '--connect-timeout', '10', 'osd', 'new', store, '0')
  await ask('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', store)
  begin('ceph-osd', '-i', '0')
  begin('radosgw', '-n', 'client.rgw.a')
  await eventually('radosgw answers', async (leftMs) => {
    const { ok, status } = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(leftMs) })
    if (!ok) throw new Error(`it answered ${status}`)
  })
  const user = ['--uid=test', '--display-name=test', '--access-key=test', '--secret=testing']
  await askUntilDone('radosgw-admin', '-n', 'client.rgw.a', 'user', 'create', ...user)
  return port
}

/** Started again when it ends by itself, as an init does: a store gives up when it meets the monitor too early. */
function keepRunning(program, args) {
  let child
  let again
  let stopping = false
  const start = () => {
    child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { stdio: 'ignore' })
    child.once('exit', () => {
      if (!stopping) again = setTimeout(start, 500)
    })
  }
  start()
  return {
    async stop() {
      stopping = true
      clearTimeout(again)
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL') // all it has is in memory
      await new Promise((done) => child.once('exit', done))
    },
  }
}

const configuration = ({ folder, fsid, monitorPort, port }) => `
[global]
fsid = ${fsid}
mon_initial_members = a
mon_host = v1:127.0.0.1:${monitorPort}
public_network = 127.0.0.0/8
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
osd_objectstore = memstore
memstore_device_bytes = 2147483648
ms_bind_msgr2 = false
run_dir = ${folder}/run
log_file = ${folder}/log/$name.log
admin_socket = ${folder}/run/$name.$pid.asok
mon_data = ${folder}/mon
osd_data = ${folder}/osd
rgw_data = ${folder}/rgw
mon_data_avail_crit = 1
mon_data_avail_warn = 2
[client.rgw.a]
rgw_frontends = beast endpoint=127.0.0.1:${port}
`
