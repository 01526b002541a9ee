// Recorded answers of the real API of GitHub (npm @octokit/fixtures-server), installed once into the cache of
// node_modules and started on a loopback port. It refuses whatever differs from the request that was recorded.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.mjs'
import { freePort } from './free-port.mjs'
import { run } from './packages.mjs'

const wanted = '@octokit/fixtures-server@8.1.7'
const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'deployctl-tests')

export async function startGitHubFixtures() {
  const folder = await install()
  const port = await freePort()
  const address = `http://localhost:${port}`
  const program = join(folder, 'node_modules', '@octokit', 'fixtures-server', 'bin', 'server.js')
  const server = spawn(process.execPath, [program, '--port', String(port), '--fixtures-url', address], {
    stdio: 'ignore',
  })
  let hasEnded = false
  const ended = new Promise((done) => server.once('close', done)).then(() => (hasEnded = true))
  const stop = async () => {
    server.kill()
    await ended
  }
  try {
    await eventually(
      `${wanted} answers`,
      async (leftMs) => void (await fetch(`${address}/ping`, { signal: AbortSignal.timeout(leftMs) })),
      { withinMs: 60_000, hopeless: () => (hasEnded ? 'it ended' : undefined) },
    )
  } catch (error) {
    await stop()
    throw error
  }
  return { address, stop }
}

/** In a temporary folder first, so that half of it is never used. */
async function install() {
  const folder = join(cache, wanted.replace('/', '-'))
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const half = mkdtempSync(join(cache, 'half-'))
  try {
    writeFileSync(join(half, 'package.json'), '{"private": true}')
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    await run('npm', ['install', ...quiet, wanted], { cwd: half, timeout: 120_000 })
    renameSync(half, folder)
  } catch {
    rmSync(half, { recursive: true, force: true })
    if (!existsSync(folder)) throw new Error(`npm cannot install ${wanted}`)
  }
  return folder
}
