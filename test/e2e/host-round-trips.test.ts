/**
 * What a deployment costs a host: its connections and the round trips over them, counted by an ssh that writes down what
 * goes through it. Each trip is a script that ends with the word of its connection. The numbers are those of docs/hosts.md.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { hostProject, type HostProject } from '../support/host-project.js'
import { describeWith, testWith } from '../support/needs.js'

describeWith('ssh-hosts', 'round trips to a host', () => {
  const test = testWith('ssh-hosts')
  let project: HostProject
  let log: string
  beforeAll(async () => {
    project = await hostProject(['web1'])
    log = join(project.folder, 'trips')
    await project.release('1.0.0')
    await project.configure({ hosts: ['web1'], target: 'keepReleases: 2' })
    const bin = join(project.folder, 'bin')
    await mkdir(bin)
    const script = `#!/bin/sh\necho begin >>'${log}'\ntee -a '${log}' | /usr/bin/ssh "$@"\n`
    await writeFile(join(bin, 'ssh'), script, { mode: 0o755 })
  })
  afterAll(() => project.end())

  /** Connections, and scripts over them. */
  async function cost(words: readonly string[]): Promise<readonly [connections: number, trips: number]> {
    await rm(log, { force: true })
    const env = { PATH: `${join(project.folder, 'bin')}:${process.env['PATH'] ?? ''}` }
    const ran = await project.run(words, { env })
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    const lines = (await readFile(log, 'latin1')).split('\n')
    const token = /^ {4}([0-9a-f]{32})\) /m.exec(lines.join('\n'))?.[1]
    return [lines.filter((line) => line === 'begin').length, lines.filter((line) => line === token).length]
  }
  const apply = ['apply', '--auto-approve']

  test('one for what changes nothing; six for a release, and one more for each that is removed', async () => {
    expect(await cost(apply)).toEqual([1, 6])
    expect(await cost(apply)).toEqual([1, 1])
    expect(await cost(['plan'])).toEqual([1, 1])
    await project.release('1.1.0', { 'a folder/big.bin': 'x'.repeat(300_000) })
    expect(await cost(apply)).toEqual([1, 6])
    await project.release('1.2.0')
    expect(await cost(apply)).toEqual([1, 7])
    expect(await cost(['rollback', '--auto-approve'])).toEqual([1, 5])
    expect(await cost(['status'])).toEqual([1, 1])
    const said = await readFile(join(import.meta.dirname, '../../docs/hosts.md'), 'utf8')
    expect(said).toContain('A deployment takes six round trips a host')

    await project.configure({ hosts: ['web1'], target: 'transfer: pull' })
    const refused = await project.run(['validate'])
    expect([refused.code, refused.stderr.replaceAll(/\s+/g, ' ')]).toEqual([
      3,
      expect.stringContaining('services.web.target: transfer: pull takes a source that gives an address'),
    ])
  })

  test('what is wrong with several hosts is told at once', async () => {
    project.ports.set('web2', project.ports.get('web1') ?? 0)
    const users = { web1: 'nobody', web2: 'nobody' }
    await project.configure({ hosts: ['web1', 'web2'], users })
    const { code, stderr } = await project.run(['plan'])
    expect(code).toBe(1)
    for (const name of ['web1', 'web2']) expect(stderr).toContain(`The host ${name} `)
  })
})
