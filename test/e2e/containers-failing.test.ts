/**
 * Every way in which a new release of containers can fail, deployed by the built program behind a real HAProxy under a
 * load: it ends with 5, the release before it serves all the while, the message names the cause, and nothing of the new
 * one is left but the record.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLoad } from '../../bench/containers/load.js'
import { freePort } from '../contract/loopback.js'
import type { CliResult } from '../support/built-cli.js'
import type { AppParts } from '../support/containers/app-image.js'
import {
  containerProject,
  imagesOf,
  type ContainerProject,
  type ServiceSettings,
} from '../support/containers/container-project.js'
import { sharedEngine } from '../support/containers/engine.js'
import { failingImages } from '../support/containers/failing-images.js'
import { describeWith } from '../support/needs.js'

interface Case {
  readonly title: string
  readonly parts: Omit<AppParts, 'version'>
  readonly settings?: ServiceSettings
  /** Sentences that the message must have. */
  readonly says: readonly string[]
}

const strategy = '{ type: blue-green, monitor: 6s, drain: 1s }'
const deadline = 'interval: 200ms, timeout: 1s, deadline: 2s'
const check = `{ type: http, path: /health, ${deadline} }`

const ofImages: readonly Case[] = failingImages.map(({ title, parts, memoryBytes, exitCode, says }) => ({
  title,
  parts,
  settings: {
    ...(memoryBytes === undefined ? {} : { target: `memory: ${memoryBytes / 1024 / 1024}MiB` }),
    ...(parts.healthcheck === undefined ? {} : { check: `{ type: container, ${deadline} }` }),
  },
  says: [
    says,
    ...(exitCode === null || exitCode === 127 ? [] : [`exited with code ${exitCode}`]),
    ...(parts.env?.['APP_LINES'] === undefined ? [] : ['line 12 line 13']),
  ],
}))

const cases: readonly Case[] = [
  ...ofImages,
  {
    title: 'it answers too slowly',
    parts: {},
    settings: { check: `{ type: http, path: '/slow?ms=3000', ${deadline} }` },
    says: ['/slow?ms=3000'],
  },
  {
    title: 'it fails its check and ignores SIGTERM',
    parts: { env: { APP_HEALTH: 'fail', APP_HEALTH_SAYS: 'stubborn', APP_ON_TERM: 'ignore' } },
    says: ['stubborn'],
  },
  {
    title: 'its image is nowhere',
    parts: {},
    settings: { target: "image: 'registry.invalid/web:${release.version}'" },
    says: ['registry.invalid/web'],
  },
]

describeWith('docker-engine', 'a release of containers that fails', () => {
  let project: ContainerProject
  let port: number
  let patch = 0

  beforeAll(async () => {
    project = await containerProject(sharedEngine())
    port = await freePort()
    await project.publish('1.0.0')
    await project.configure('1.0.0', { strategy, check, listen: port })
    const first = await project.apply()
    expect(first.code, `${first.stdout}${first.stderr}`).toBe(0)
  })
  afterAll(() => project.end())

  const ids = async () => (await project.containers()).map(({ Id, State }) => `${Id} ${State}`).sort()

  test.each(cases)('is unwound: $title', async ({ parts, settings = {}, says }) => {
    const version = `1.0.${++patch}`
    const [containers, images] = [await ids(), await imagesOf(project.engine, project.name)]
    await project.publish(version, parts)
    await project.configure(version, { strategy, check, listen: port, ...settings })
    const load = startLoad({ address: `127.0.0.1:${port}`, rate: 20, slowMs: 500, mostMs: 120_000 })
    const failed = await project.apply()
    const { losses, versions } = await load.stop()
    const text = failed.stdout + failed.stderr
    expect(failed.code, text).toBe(5)
    for (const words of says) expect(inOneLine(failed)).toContain(words)
    expect(inOneLine(failed)).toContain('web v1.0.0 serves as before')
    expect(await ids()).toEqual(containers)
    expect(await imagesOf(project.engine, project.name)).toEqual(images)
    expect(versions['1.0.0']).toBeGreaterThan(0)
    // what a copy with traffic has under way when it crashes is lost with it
    if (parts.env?.['APP_CRASH_AFTER'] === undefined) expect(losses).toEqual([])
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('1.0.0')
    // what is kept of it is the record, with its last words
    const deployment = /deployctl show (\S+)/.exec(text)?.[1] ?? ''
    expect(inOneLine(await project.run(['show', deployment]))).toContain(says[0])
  })

  test('after all of them, what is there is what is recorded', async () => {
    await project.configure('1.0.0', { strategy, check, listen: port })
    expect(await project.run(['plan', '--detailed-exitcode'])).toMatchObject({ code: 0 })
  })
})

/** Without the breaks of lines that fit a terminal. */
function inOneLine({ stdout, stderr }: CliResult): string {
  return (stdout + stderr).replaceAll(/\s+/g, ' ')
}
