// Runs this release as a daemon, with nothing but Node: what systemd would do on a real host.
//
//   node service.mjs restart PORT    serve this release on PORT, in place of the one that served before
//   node service.mjs stop            stop whichever release serves
//
// data/ is shared by all releases: its hello.pid says who serves, its hello.log what the server wrote. Both commands
// may be repeated.
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const [verb, port] = process.argv.slice(2)
if (verb !== 'stop' && !(verb === 'restart' && Number(port) > 0)) {
  console.error('usage: node service.mjs restart PORT | stop')
  process.exit(64)
}
mkdirSync(join(import.meta.dirname, 'data'), { recursive: true })
const data = realpathSync(join(import.meta.dirname, 'data'))
const pidFile = join(data, 'hello.pid')
const logFile = join(data, 'hello.log')

await stop()
if (verb === 'restart') await start()

/** Asks the server to finish its requests (TERM); after five seconds it is killed. */
async function stop() {
  const pid = serverPid()
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM')
    for (let tries = 0; isServer(pid) && tries < 250; tries++) await sleep(20)
    if (isServer(pid)) process.kill(pid, 'SIGKILL')
    while (isServer(pid)) await sleep(20)
    console.log(`stopped process ${pid}`)
  }
  rmSync(pidFile, { force: true })
}

/** Starts the server and returns when it says that it listens; fails with what it wrote when it ends instead. */
async function start() {
  const log = openSync(logFile, 'w')
  const server = spawn(process.execPath, ['server.mjs', `--data=${data}`], {
    cwd: import.meta.dirname,
    env: { ...process.env, PORT: port },
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  server.unref()
  writeFileSync(pidFile, `${server.pid}\n`)
  for (let tries = 0; server.exitCode === null && server.signalCode === null && tries < 500; tries++) {
    if (written().includes('listens on')) return console.log(`process ${server.pid} serves on http://127.0.0.1:${port}`)
    await sleep(20)
  }
  const isTaken = written().includes('EADDRINUSE')
  await stop()
  fail(isTaken ? `port ${port} is taken: give hello another one with HELLO_PORT` : `the server did not start:\n${written()}`)
}

function written() {
  return readFileSync(logFile, 'utf8').trim()
}

function fail(message) {
  console.error(message)
  process.exitCode = 1
}

function serverPid() {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    return pid > 0 && isServer(pid) ? pid : undefined
  } catch {
    return undefined
  }
}

/** Whether the process lives and is our server: its number may have been given to another program since. */
function isServer(pid) {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--data=${data}`)
  } catch {
    return false
  }
}
