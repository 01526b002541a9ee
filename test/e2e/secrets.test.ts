/** Law 9 with the built program: a secret's value is in nothing that it writes, says, sends or starts others with. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deployctl } from '../support/built-cli.js'
import { tinyProject, type TinyProject } from '../support/tiny-project.js'

const secret = 'correct-horse/battery+staple"42'
const told: string[] = []
let project: TinyProject
let server: Server

beforeEach(async () => {
  told.length = 0
  server = createServer((request, response) => {
    request.on('data', (bytes: Buffer) => told.push(String(bytes)))
    request.on('end', () => response.end('ok'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  project = await tinyProject()
  await project.release('1.0.0')
  const { port } = server.address() as AddressInfo
  // Looks into its own and its parents' arguments, then prints the secret in every form it can think of, and fails.
  writeFileSync(
    join(project.folder, 'hook.sh'),
    [
      'cat /proc/$$/cmdline /proc/$PPID/cmdline | tr "\\0" " " > arguments.txt',
      'echo "plain $TOKEN"; printf %s "$TOKEN" | base64; echo "json \\"$TOKEN\\"" >&2',
      '[ "$DEPLOYCTL_VERSION" = 1.0.0 ] && exit 0; exit 3',
    ].join('\n'),
  )
  writeFileSync(join(project.folder, 'deploy.yaml'), deployYaml(port))
})
afterEach(async () => {
  server.close()
  await project.remove()
})

function deployYaml(port: number): string {
  return `version: 1
project: tiny
defaultEnvironment: test
secrets: { TOKEN: { type: command, run: [printenv, HIDDEN] } }
sources: { tiny: { type: directory, path: releases } }
services:
  tiny: { source: tiny, target: { type: directory, path: target } }
healthChecks:
  up: { type: http, url: "http://127.0.0.1:${port}/", headers: { Authorization: "Bearer \${secret.TOKEN}" } }
hooks:
  look: { when: afterSwitch, service: tiny, run: [sh, hook.sh], directory: project, env: { TOKEN: "\${secret.TOKEN}" } }
notifiers:
  team: { type: webhook, url: "http://127.0.0.1:${port}/\${secret.TOKEN}", secret: "\${secret.TOKEN}" }
environments: { test: {} }
`
}

function everyFile(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? everyFile(path) : [path]
  })
}

test('nothing shows it: no plan, state, journal, history, log, notification, argument or error', async () => {
  const options = { directory: project.folder, env: { HIDDEN: secret } }
  const said: string[] = []
  const run = async (words: readonly string[], code: number) => {
    const result = await deployctl(words, options)
    said.push(result.stdout, result.stderr)
    expect([words, result.code, result.code === code ? '' : result.stderr]).toEqual([words, code, ''])
  }
  await run(['plan', '--out', 'first.plan'], 0)
  await run(['apply', '--auto-approve'], 0)
  await project.release('2.0.0')
  await run(['apply', '--auto-approve'], 5)
  await run(['apply', '--auto-approve', '--service', 'tiny', '--json'], 5)
  const [last] = JSON.parse(
    `[${(await deployctl(['history', '--json'], options)).stdout.trim().split('\n').join(',')}]`,
  ) as [unknown]
  expect(last).toBeDefined()
  for (const words of [['history'], ['status'], ['releases'], ['validate', '--show-merged']])
    await run(words, 0)

  const deployments = readdirSync(join(project.folder, '.deployctl', 'journals', 'test', 'closed'))
  for (const file of deployments) await run(['show', file.replace('.jsonl', '')], 0)

  const written = everyFile(join(project.folder, '.deployctl')).map((path) => readFileSync(path, 'utf8'))
  const places = {
    said: said.join('\n'),
    written: written.join('\n'),
    plan: readFileSync(join(project.folder, 'first.plan'), 'utf8'),
    arguments: readFileSync(join(project.folder, 'arguments.txt'), 'utf8'),
    told: told.join('\n'),
  }
  expect(places.said).toContain('plain ***')
  for (const [place, text] of Object.entries(places)) {
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]) {
      expect([place, text.includes(form)]).toEqual([place, false])
    }
  }
})
