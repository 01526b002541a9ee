// The piece of network that a Docker engine of the tests has to itself, out of the range for benchmarks (198.18.0.0/15),
// which nobody routes: a bridge, and room for 48 networks of 62 addresses. The bridge's name is the claim, so that
// engines side by side never share one; it also says whose it is, so that what a killed run left is found and removed.
import { existsSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from './packages.mjs'

const pieces = 32
const nameOf = (piece) => `dctl-test${piece}`
const prefixOf = (piece) => [198, 18 + Math.floor(piece / 16), (piece % 16) * 16]

/** Claims a piece; `pools` are for `--default-address-pool`. */
export async function claimNetwork() {
  await removeLeftovers()
  const first = Math.floor(Math.random() * pieces)
  for (let tries = 0; tries < pieces; tries++) {
    const piece = (first + tries) % pieces
    const [a, b, c] = prefixOf(piece)
    if (await isRouted(`${a}.${b}.${c}.0/20`)) continue
    const bridge = nameOf(piece)
    try {
      await run('ip', ['link', 'add', bridge, 'type', 'bridge'])
    } catch {
      continue // another run was quicker
    }
    await run('ip', ['link', 'set', bridge, 'alias', `deployctl-tests ${process.pid}`])
    await run('ip', ['addr', 'add', `${a}.${b}.${c}.1/24`, 'dev', bridge])
    await run('ip', ['link', 'set', bridge, 'up'])
    const pools = [`base=${a}.${b}.${c + 8}.0/21,size=26`, `base=${a}.${b}.${c + 4}.0/22,size=26`]
    return { bridge, pools, cgroup: bridge, release: () => releasePiece(piece) }
  }
  throw new Error('no piece of 198.18.0.0/15 is free for the containers of the tests')
}

async function isRouted(range) {
  const { stdout } = await run('ip', ['-4', 'route', 'show', 'root', range])
  return stdout.trim() !== ''
}

/** The bridge goes last: it is the claim. */
async function releasePiece(piece) {
  const [a, b, c] = prefixOf(piece)
  const devices = JSON.parse((await run('ip', ['-json', '-4', 'addr'])).stdout)
  const isInside = ({ local }) => {
    const [x, y, z] = String(local).split('.').map(Number)
    return x === a && y === b && z >= c && z < c + 16
  }
  for (const { ifname, addr_info: addresses } of devices) {
    if (ifname === nameOf(piece) || addresses?.some(isInside) !== true) continue
    await run('ip', ['link', 'delete', ifname]).catch(() => {})
  }
  await removeGroups(nameOf(piece))
  await run('ip', ['link', 'delete', nameOf(piece)]).catch(() => {})
}

/** A claim whose run is gone. */
async function removeLeftovers() {
  const links = JSON.parse((await run('ip', ['-json', 'link'])).stdout)
  for (const { ifname, ifalias } of links) {
    const piece = /^dctl-test(\d+)$/.exec(ifname)?.[1]
    const owner = /^deployctl-tests (\d+)$/.exec(ifalias ?? '')?.[1]
    if (piece === undefined || owner === undefined || existsSync(`/proc/${owner}`)) continue
    await releasePiece(Number(piece))
  }
}

/** The control groups of an engine's containers: one in all on newer machines, one for each controller on older ones. */
async function removeGroups(name) {
  const base = '/sys/fs/cgroup'
  for (const parent of [base, ...readdirSync(base).map((entry) => join(base, entry))]) {
    const folder = join(parent, name)
    for (let tries = 0; existsSync(folder) && tries < 100; tries++) {
      if (!removeGroup(folder)) await sleep(20) // the kernel lets one go once its last process is gone
    }
  }
}

function removeGroup(folder) {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroup(join(folder, entry.name))
    rmdirSync(folder)
    return true
  } catch {
    return false
  }
}
