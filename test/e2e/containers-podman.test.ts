/** Podman by its Docker-compatible socket: deployed, upgraded, looked into, unwound and rolled back by the built program. */
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CliResult } from '../support/built-cli.js'
import { containerProject, type ContainerProject } from '../support/containers/container-project.js'
import { sharedEngine } from '../support/containers/engine.js'
import { startPodman, type Podman } from '../support/containers/podman.js'
import { addressOf, describeWith } from '../support/needs.js'

describeWith('docker-engine', 'containers', () => {
  describeWith('podman', 'of Podman', () => {
    let podman: Podman
    let project: ContainerProject
    beforeAll(async () => {
      // as test/services/docker-registry.mjs says it
      const { open } = JSON.parse(addressOf('docker-registry')) as { readonly open: string }
      podman = await startPodman(open)
      project = await containerProject({ ...sharedEngine(), socket: podman.socket })
    })
    afterAll(async () => {
      await podman.stop()
      await rm(dirname(project.folder), { recursive: true, force: true }) // everything else went with Podman
    })

    const well = (result: CliResult) => expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(0)

    const strategy = '{ type: blue-green, monitor: 100ms, drain: 100ms }'
    const judged = (deadline: string) => ({
      replicas: 1,
      strategy,
      target: 'healthcheck: { run: [/app, probe, /health], interval: 1s, timeout: 5s, retries: 1 }',
      check: `{ type: container, interval: 200ms, timeout: 2s, deadline: ${deadline} }`,
    })
    const checkedApply = async () => {
      const over = new AbortController()
      const applied = project.apply().finally(() => over.abort())
      while (!over.signal.aborted) await podman.checkHealth().then(() => sleep(300))
      return applied
    }

    test('are deployed, upgraded when their HEALTHCHECK says so, looked into, unwound and rolled back', async () => {
      await project.publish('1.0.0')
      await project.publish('1.0.1')
      await project.configure('1.0.0', { strategy })
      well(await project.apply())
      expect(await project.running()).toEqual(['1.0.0', '1.0.0'])
      await project.configure('1.0.1', judged('20s'))
      well(await checkedApply())
      expect(await project.running()).toEqual(['1.0.1'])
      expect(await project.run(['plan', '--detailed-exitcode'])).toMatchObject({ code: 0 })

      const logs = await project.run(['logs', 'web'])
      expect(logs.stdout + logs.stderr).toContain('version 1.0.1 listens')
      const ran = await project.run(['exec', 'web', '--', '/app', 'echo', 'here'])
      expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: 'here\n' })
      expect(await project.run(['exec', 'web', '--', '/app', 'fail', '7'])).toMatchObject({ code: 7 })

      await project.publish('1.0.2', { env: { APP_HEALTH: 'fail' } })
      await project.configure('1.0.2', judged('3s'))
      const failed = await checkedApply()
      expect(failed.code).toBe(5)
      expect(failed.stderr).toMatch(/the engine calls the\s+container unhealthy/)
      expect(failed.stderr).toMatch(/its HEALTHCHECK (answered 1:|ended with 1 )/) // Podman 4 may lose its words
      expect(await project.running()).toEqual(['1.0.1'])
      await project.configure('1.0.1', { strategy })
      well(await project.run(['rollback', '--auto-approve']))
      expect(await project.running()).toEqual(['1.0.0', '1.0.0'])
    }, 120_000)
  })
})
