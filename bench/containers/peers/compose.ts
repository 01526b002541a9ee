/** docker-compose as most use it: one container with a published port, recreated on each new image. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../../test/services/free-port.mjs'
import { requirePrograms } from '../../../test/services/packages.mjs'
import type { Contender } from '../contender.js'
import { runCommand } from './run-command.js'

export const compose: Contender = {
  name: 'docker-compose up',
  async start(ground, first) {
    await requirePrograms({ 'docker-compose': 'docker-compose' })
    const port = await freePort()
    const folder = ground.folder()
    const file = [
      'version: "2.4"',
      'services:',
      '  web:',
      '    image: ${IMAGE}',
      `    ports: ["127.0.0.1:${port}:8080"]`,
    ]
    writeFileSync(join(folder, 'docker-compose.yml'), `${file.join('\n')}\n`)
    const project = `bench-${ground.engine.run}-${port}`
    const run = async (version: string, ...words: string[]): Promise<void> => {
      const image = await ground.image(version)
      const env = { DOCKER_HOST: `unix://${ground.engine.socket}`, IMAGE: image }
      await runCommand({ folder, env }, 'docker-compose', '-p', project, ...words)
    }
    await run(first, 'up', '-d')
    return {
      address: `127.0.0.1:${port}`,
      deploy: (version) => run(version, 'up', '-d'),
      stop: () => run(first, 'down', '-v', '-t', '1'),
    }
  },
}
