// Runs a release of hello as a daemon, with nothing but Node: what systemd would do on a real host.
//
//   node service.mjs restart FOLDER PORT    serve FOLDER (a link to a release, say) on PORT, in place of what served before
//   node service.mjs stop FOLDER            stop what serves FOLDER
//
// The pid and the log lie beside FOLDER: FOLDER.pid, FOLDER.log. Both commands may be repeated.
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const [verb, folderArgument, portArgument] = process.argv.slice(2)
if (
  !['restart', 'stop'].includes(verb) ||
  folderArgument === undefined ||
  (verb === 'restart' && !(portArgument > 0))
) {
  console.error('usage: node service.mjs restart FOLDER PORT | stop FOLDER')
  process.exit(64)
}
const folder = resolve(folderArgument)
const pidFile = `${folder}.pid`
const logFile = `${folder}.log`

await stop()
if (verb === 'restart') await start(Number(portArgument))

/** Asks the old process to finish its requests (TERM); after five seconds it is killed. */
async function stop() {
  const pid = runningPid()
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM')
    for (let tries = 0; isOurs(pid) && tries < 100; tries++) await sleep(50)
    if (isOurs(pid)) process.kill(pid, 'SIGKILL')
    while (isOurs(pid)) await sleep(20)
    console.log(`stopped process ${pid}`)
  }
  rmSync(pidFile, { force: true })
}

/** Starts the release and returns when it listens, or fails with what it said when it does not. */
async function start(port) {
  if (await answers(port)) {
    console.error(
      `port ${port} is taken by another program: give hello another one, for example with HELLO_PORT`,
    )
    process.exitCode = 1
    return
  }
  const release = realpathSync(folder) // the release itself: what this process serves does not change under it
  const log = openSync(logFile, 'w')
  const child = spawn(process.execPath, ['server.mjs', `--served-from=${folder}`], {
    cwd: release,
    env: { ...process.env, PORT: String(port) },
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  let ended = false
  child.once('exit', () => (ended = true))
  writeFileSync(pidFile, `${child.pid}\n`)
  for (let tries = 0; !ended && tries < 200; tries++) {
    if (await answers(port)) {
      console.log(`process ${child.pid} serves on http://127.0.0.1:${port}`)
      child.unref()
      return
    }
    await sleep(50)
  }
  console.error(`hello does not listen on port ${port}:\n${readFileSync(logFile, 'utf8').trim()}`)
  await stop()
  process.exitCode = 1
}

function runningPid() {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    return pid > 0 && isOurs(pid) ? pid : undefined
  } catch {
    return undefined
  }
}

/** Whether the process lives and serves this folder: its number may have been given to another program since. */
function isOurs(pid) {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--served-from=${folder}`)
  } catch (error) {
    return error.code === 'ENOENT' && process.platform !== 'linux'
  }
}

function answers(port) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), done(true)))
    socket.once('error', () => done(false))
  })
}
