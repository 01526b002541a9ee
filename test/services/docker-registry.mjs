// Docker's registry, three times: open to everybody, behind a password file, and behind a token server of our own. Each
// listens on a free loopback port and keeps what is pushed in a folder that goes with the run.
import { spawn } from 'node:child_process'
import { X509Certificate, randomUUID, sign } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { requirePrograms, run } from './packages.mjs'

/** Who may push and pull everywhere; anybody may pull from `public/…` of the one with tokens. */
const user = 'deployer'
const password = 's3cret-Passw0rd'
const issuer = 'deployctl-tests'
const service = 'registry.test'

export async function startDockerRegistry(place) {
  await requirePrograms({
    'docker-registry': 'docker-registry',
    htpasswd: 'apache2-utils',
    openssl: 'openssl',
  })
  const folder = join(place, 'docker-registry')
  mkdirSync(folder)
  const stops = []
  const stop = async () => {
    for (const end of stops.reverse()) await end()
  }
  try {
    const begin = async (name, auth) => {
      const registry = await startRegistry(join(folder, name), auth)
      stops.push(registry.stop)
      return registry.address
    }
    const open = await begin('open', '')
    const { stdout: line } = await run('htpasswd', ['-nbB', user, password])
    const file = join(folder, 'htpasswd')
    writeFileSync(file, line.trim())
    const basic = await begin('basic', `auth: { htpasswd: { realm: tests, path: ${file} } }`)
    const tokens = await startTokenServer(folder)
    stops.push(tokens.stop)
    const settings = `realm: "${tokens.realm}", service: ${service}, issuer: ${issuer}, rootcertbundle: ${tokens.certificate}`
    const token = await begin('token', `auth: { token: { ${settings} } }`)
    return {
      address: JSON.stringify({ open, basic, token, realm: tokens.realm, service, user, password }),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Ready when its log says on which port it listens. */
function startRegistry(folder, auth) {
  mkdirSync(folder)
  const config = join(folder, 'config.yml')
  const lines = [
    'version: 0.1',
    'log: { level: info, accesslog: { disabled: true } }',
    `storage: { filesystem: { rootdirectory: ${join(folder, 'data')} }, delete: { enabled: true } }`,
    'http: { addr: "127.0.0.1:0" }',
    auth,
  ]
  writeFileSync(config, lines.join('\n'))
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise((done) => child.once('exit', done))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  return new Promise((resolve, reject) => {
    let said = ''
    const late = setTimeout(
      () => void stop().then(() => reject(new Error('it was not ready in time'))),
      60_000,
    )
    child.stderr.on('data', (bytes) => {
      said += String(bytes)
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(said)?.[1]
      if (address === undefined) return
      clearTimeout(late)
      resolve({ address, stop })
    })
    child.once('error', reject)
    void ended.then(() => {
      clearTimeout(late)
      reject(new Error(`docker-registry did not start: ${said.trim().split('\n').at(-1)}`))
    })
  })
}

async function startTokenServer(folder) {
  const [key, certificate] = [join(folder, 'token.key'), join(folder, 'token.crt')]
  const subject = ['-subj', '/CN=deployctl-tests', '-days', '2']
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ])
  const privateKey = readFileSync(key)
  const x5c = [new X509Certificate(readFileSync(certificate)).raw.toString('base64')]
  const server = createServer(async (request, response) => {
    const question = await questionIn(request)
    const login = loginIn(request.headers.authorization, question)
    const known = login?.user === user && login.password === password
    response.setHeader('content-type', 'application/json')
    if (login !== null && !known)
      return response.writeHead(401).end('{"details":"incorrect username or password"}')
    response.end(JSON.stringify(tokenFor(question, known, privateKey, x5c)))
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const stop = () => {
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  }
  return { realm: `http://127.0.0.1:${server.address().port}/token`, certificate, stop }
}

/** The parameters of the address, or of the form that an identity token comes in. */
async function questionIn(request) {
  const url = new URL(request.url, 'http://localhost')
  if (request.method !== 'POST') return url.searchParams
  let body = ''
  for await (const bytes of request) body += String(bytes)
  return new URLSearchParams(body)
}

/** The identity token of the tests is the password, backwards. */
function loginIn(authorization, question) {
  const refresh = question.get('refresh_token')
  if (refresh !== null) return { user, password: [...refresh].reverse().join('') }
  if (authorization === undefined) return null
  const [name, ...rest] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':')
  return { user: name, password: rest.join(':') }
}

function tokenFor(question, known, privateKey, x5c) {
  const access = question.getAll('scope').flatMap((scope) => {
    const [type, name, actions = ''] = scope.split(':')
    const granted = actions
      .split(',')
      .filter((action) => known || (action === 'pull' && name.startsWith('public/')))
    return granted.length === 0 ? [] : [{ type, name, actions: granted }]
  })
  const now = Math.floor(Date.now() / 1000)
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    iss: issuer,
    sub: known ? user : '',
    aud: question.get('service'),
    access,
    jti: randomUUID(),
  }
  const times = { exp: now + 300, nbf: now - 10, iat: now }
  const signed = `${part({ typ: 'JWT', alg: 'RS256', x5c })}.${part({ ...claims, ...times })}`
  const signature = sign('sha256', Buffer.from(signed), privateKey).toString('base64url')
  return { token: `${signed}.${signature}`, expires_in: 300 }
}
