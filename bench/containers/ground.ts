/** Where contenders deploy: one Docker engine, one app in as many versions as are asked for, a folder for their files. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDockerEngine } from '../../test/services/docker-engine.mjs'
import { appImage, loadImage } from '../../test/support/containers/app-image.js'
import { removeByLabel, type TestEngine } from '../../test/support/containers/engine.js'

export interface Ground {
  readonly engine: TestEngine
  /** Makes sure of the image of a version, and names it. The app ends at once on SIGTERM, whatever is in flight. */
  image(version: string): Promise<string>
  /** A new folder. */
  folder(): string
  stop(): Promise<void>
}

export async function startGround(): Promise<Ground> {
  const place = mkdtempSync(join(tmpdir(), 'deployctl-bench-'))
  const remove = () => rmSync(place, { recursive: true, force: true })
  try {
    const service = await startDockerEngine(place)
    const engine = JSON.parse(service.address) as TestEngine // made by test/services/docker-engine.mjs
    const repository = `deployctl-bench-${engine.run}`
    let folders = 0
    return {
      engine,
      async image(version) {
        const name = `${repository}:${version}`
        await loadImage(engine.socket, name, appImage(engine, { version, env: { APP_ON_TERM: 'exit' } }))
        return name
      },
      folder() {
        const path = join(place, `contender-${++folders}`)
        mkdirSync(path)
        return path
      },
      async stop() {
        await removeByLabel(engine, `deployctl-tests=${engine.run}`)
        await service.stop()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}
