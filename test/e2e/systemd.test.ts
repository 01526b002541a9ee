/** `restart: { systemd: … }` on a real systemd: a unit is restarted by a switch, and again by an unwind. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { cliPath } from '../support/built-cli.js'
import { addressOf, testWith } from '../support/needs.js'
import { tinyProject } from '../support/tiny-project.js'

interface Host {
  /** The command line that runs a program on the host. */
  readonly enter: readonly string[]
  /** A folder that the host and this machine both see. */
  readonly shared: string
}
interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const yaml = (unit: string): string => `version: 1
project: tiny
defaultEnvironment: local
sources:
  web: { type: directory, path: releases, pattern: 'v{version}' }
services:
  web:
    source: web
    target: { type: directory, path: srv/web, restart: { systemd: ${unit} } }
healthChecks:
  serves: { type: http, url: 'http://127.0.0.1:8080/', contains: 'page of', interval: 100ms, timeout: 1s, deadline: 5s }
environments: { local: {} }
`
const server = (version: string, answer: string): string =>
  `require('node:http').createServer((_, response) => response.end('${answer} of ${version}')).listen(8080)\n`

testWith('systemd-host')(
  'a unit serves the new release after a switch, and the old one after an unwind',
  async () => {
    const host = JSON.parse(addressOf('systemd-host')) as Host
    const project = await tinyProject(yaml('tiny-web.service'))
    const folder = await mkdtemp(join(host.shared, 'project-'))
    const run = async (...words: string[]): Promise<Ended> => {
      const clean = ['env', '-i', '-C', folder, 'HOME=/root', 'PATH=/usr/local/bin:/usr/bin:/bin']
      const [program = '', ...rest] = [...host.enter, ...clean, ...words]
      return new Promise((done) => {
        execFile(program, rest, (error, stdout, stderr) =>
          done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
        )
      })
    }
    const deployctl = (line: string): Promise<Ended> => run('node', cliPath, ...line.split(' '))
    const page = async (): Promise<string> =>
      (await run('node', '-e', `fetch('http://127.0.0.1:8080/').then((a) => a.text()).then(console.log)`))
        .stdout
    try {
      const unit = `[Service]\nWorkingDirectory=${folder}/srv/web/current\nExecStart=/usr/local/bin/node server.cjs\n`
      await project.release('1.0.0', { 'server.cjs': server('1.0.0', 'page') })
      await cp(project.folder, folder, { recursive: true })
      await writeFile(join(folder, 'tiny-web.service'), unit)
      await run('cp', join(folder, 'tiny-web.service'), '/etc/systemd/system/')
      await run('systemctl', 'daemon-reload')

      expect(await deployctl('apply --auto-approve')).toMatchObject({ code: 0, stderr: '' })
      expect(await page()).toContain('page of 1.0.0')

      await project.release('1.1.0', { 'server.cjs': server('1.1.0', 'page') })
      await cp(project.folder, folder, { recursive: true })
      expect(await deployctl('apply --auto-approve')).toMatchObject({ code: 0, stderr: '' })
      expect(await page()).toContain('page of 1.1.0')

      await project.release('1.2.0', { 'server.cjs': 'throw new Error("the port is not configured")\n' })
      await cp(project.folder, folder, { recursive: true })
      const failed = await deployctl('apply --auto-approve')
      expect(failed.code).toBe(5)
      expect(failed.stderr).toContain('web v1.1.0 serves as before')
      expect(await page()).toContain('page of 1.1.0')
    } finally {
      await run('systemctl', 'stop', 'tiny-web')
      await project.remove()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
