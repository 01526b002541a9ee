/** Podman by its Docker-compatible socket: deployed, upgraded, looked into and rolled back by the built program. */
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
    })

    const well = (result: CliResult) => expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(0)

    test('are deployed, upgraded, looked into and rolled back', async () => {
      const strategy = '{ type: blue-green, monitor: 1s, drain: 1s }'
      for (const version of ['1.0.0', '1.0.1']) {
        await project.publish(version)
        await project.configure(version, { strategy })
        well(await project.apply())
        expect(await project.running()).toEqual([version, version])
      }
      expect(await project.run(['plan', '--detailed-exitcode'])).toMatchObject({ code: 0 })
      const logs = await project.run(['logs', 'web'])
      expect(logs.stdout + logs.stderr).toContain('version 1.0.1 listens')
      well(await project.run(['rollback', '--auto-approve']))
      expect(await project.running()).toEqual(['1.0.0', '1.0.0'])
    }, 120_000)
  })
})
