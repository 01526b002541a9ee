/**
 * An engine elsewhere, behind TLS with a certificate on each side, found as users of docker say it: by the environment, by
 * a context that docker itself has made, and by deploy.yaml. The built program deploys there and looks inside.
 */
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../contract/loopback.js'
import { requirePrograms } from '../services/packages.mjs'
import type { CliResult } from '../support/built-cli.js'
import { containerProject, type ContainerProject } from '../support/containers/container-project.js'
import { ownEngine, type OwnEngine } from '../support/containers/engine.js'
import { describeWith } from '../support/needs.js'

describeWith('docker-engine', 'an engine behind TLS', () => {
  let engine: OwnEngine
  let project: ContainerProject
  let target: string
  let home: string
  let address: string
  let certificates: string
  beforeAll(async () => {
    engine = await ownEngine({ tls: true })
    ;({ host: address, certificates } = engine.tls!)
    project = await containerProject(engine)
    home = join(project.folder, 'home')
    await mkdir(home)
    const files = `ca=${certificates}/ca.pem,cert=${certificates}/cert.pem,key=${certificates}/key.pem`
    const { address: docker } = await requirePrograms({ docker: 'docker.io' })
    const make = ['context', 'create', 'far', '--docker', `host=${address},${files}`]
    await promisify(execFile)(docker, make, { env: { ...process.env, HOME: home } })
    // its networks cannot be seen from here, so checks go by the published port
    target = `ports: ['127.0.0.1:${await freePort()}:8080']`
    await project.publish('1.0.0')
    await project.publish('1.0.1')
  })
  afterAll(async () => {
    await project.end()
    await engine.stop()
  })

  type Environment = Readonly<Record<string, string>>
  const configure = (version: string, says = '') =>
    project.configure(version, {
      engine: says,
      target,
      replicas: 1,
      strategy: '{ type: recreate, monitor: 100ms, drain: 1s }',
    })
  const run = (line: string, env: Environment) =>
    project.run(line.split(' '), { env: { HOME: home, DOCKER_HOST: undefined, ...env } })
  const byContext = { DOCKER_CONTEXT: 'far' }
  const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ')
  const well = (result: CliResult) => expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(0)

  test('by DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH', async () => {
    const env = { DOCKER_HOST: address, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates }
    await configure('1.0.0')
    well(await run('apply --auto-approve', env))
    expect(await project.running()).toEqual(['1.0.0'])
    expect(await run('plan --detailed-exitcode', env)).toMatchObject({ code: 0 })
    expect(await run('exec web -- /app echo here', env)).toMatchObject({ code: 0, stdout: 'here\n' })
  })

  test('by a context, which is the same engine, so nothing is moved', async () => {
    await configure('1.0.1')
    well(await run('apply --auto-approve', byContext))
    expect(await project.running()).toEqual(['1.0.1'])
    const logs = await run('logs web', byContext)
    expect(logs.stdout + logs.stderr).toContain('version 1.0.1 listens')
  })

  test('by deploy.yaml, which is a move; to the engine where it is already there is none', async () => {
    const before = (await project.containers()).map(({ Id, State }) => `${Id} ${State}`)
    const tls = `{ ca: ${certificates}/ca.pem, cert: ${certificates}/cert.pem, key: ${certificates}/key.pem }`
    await configure('1.0.1', `engine: { host: '${address}', tls: ${tls} }`)
    const { code, stderr } = await run('apply --auto-approve', byContext)
    expect([code, inOneLine(stderr)]).toEqual([
      1,
      expect.stringContaining('are one engine: tcp://127.0.0.1:'),
    ])
    expect((await project.containers()).map(({ Id, State }) => `${Id} ${State}`)).toEqual(before)
  })

  test('without a certificate of ours, or without any, the message says what is missing', async () => {
    for (const tls of ['', `, tls: { ca: ${certificates}/ca.pem }`]) {
      await configure('1.0.1', `engine: { host: '${address}'${tls} }`)
      const { code, stderr } = await run('plan', {})
      expect(code).toBe(1)
      expect(inOneLine(stderr)).toMatch(/engine at tcp:\/\/127\.0\.0\.1:\d+ .*engine\.tls/)
    }
  })
})
