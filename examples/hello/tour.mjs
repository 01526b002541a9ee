// Shows the whole of deployctl on examples/hello, in a temporary copy of this project: every command, then its output.
// It checks what it tells: it ends with 1 when a command or a page is not as announced.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const project = join(import.meta.dirname, '..', '..')
const copy = realpathSync(mkdtempSync(join(tmpdir(), 'deployctl-tour-')))
const port = await freePort()
const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[1m${text}\u001b[0m` : text)
let wrong = 0

for (const name of ['deploy.yaml', 'examples/hello/releases']) {
  cpSync(join(project, name), join(copy, name), { recursive: true })
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => void end().then(() => process.exit(1)))

try {
  say('What would be deployed, and what would undo each step:')
  await deployctl({ HELLO_VERSION: '1.0.0' }, 'plan')

  say('Deploy it. (--auto-approve answers the question that apply asks otherwise.)')
  await deployctl({ HELLO_VERSION: '1.0.0' }, 'apply --auto-approve')
  await page('v1.0.0')

  say('Two upgrades:')
  await deployctl({ HELLO_VERSION: '1.0.1' }, 'apply --auto-approve')
  await page('v1.0.1')
  await deployctl({ HELLO_VERSION: '1.0.2' }, 'apply --auto-approve')
  await page('v1.0.2')

  say(
    'A release that is broken: it fails its health check, everything is undone, and v1.0.2 serves again (exit 5).',
  )
  await deployctl({ HELLO_VERSION: '1.0.3' }, 'apply --auto-approve', 5)
  await page('v1.0.2')

  say('Back to v1.0.1, and pinned there:')
  await deployctl({}, 'rollback --to v1.0.1 --auto-approve')
  await page('v1.0.1')

  say('Nothing undoes a rollback but a person: deploy.yaml asks for v1.0.2, and yet there is nothing to do.')
  await deployctl({}, 'plan --detailed-exitcode')
  await deployctl({}, 'status')
  await deployctl({}, 'history')
} finally {
  await end()
}
console.log(wrong === 0 ? '\nAll as told.' : `\n${wrong} of the above went otherwise than told.`)
process.exitCode = wrong === 0 ? 0 : 1

function say(text) {
  console.log(`\n${bold(`# ${text}`)}`)
}

/** Runs a command as a person would, and compares its exit code. */
async function deployctl(env, line, expected = 0) {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value} `)
  console.log(`\n${bold(`$ ${assignments.join('')}deployctl ${line}`)}`)
  const code = await run(process.execPath, [join(project, 'dist', 'deployctl.cjs'), ...line.split(' ')], env)
  if (code !== expected) fault(`it ended with ${code}, not with ${expected}`)
}

/** Asks the deployed program which release it is. */
async function page(version) {
  const url = `http://127.0.0.1:${port}/`
  console.log(`\n${bold(`$ curl ${url}`)}`)
  const text = await fetch(url, { headers: { connection: 'close' } }).then(
    (answer) => answer.text(),
    (error) => `no answer: ${error.cause?.message ?? error.message}`,
  )
  console.log(text.trim())
  if (!text.includes(` from ${version}<`)) fault(`${version} does not serve`)
}

function fault(text) {
  wrong += 1
  console.log(`not as told: ${text}`)
}

function run(program, words, env = {}, stdio = 'inherit', cwd = copy) {
  const child = spawn(program, words, {
    cwd,
    stdio,
    env: { ...process.env, HELLO_PORT: String(port), ...env },
  })
  return new Promise((done, failed) => child.once('error', failed).once('close', done))
}

async function end() {
  const current = join(copy, 'var', 'staging', 'hello', 'current')
  await run(process.execPath, ['service.mjs', 'stop'], {}, 'ignore', current).catch(() => {}) // nothing was deployed
  rmSync(copy, { recursive: true, force: true })
}

function freePort() {
  const server = createServer()
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const { port: free } = server.address()
      server.close(() => done(free))
    })
  })
}
