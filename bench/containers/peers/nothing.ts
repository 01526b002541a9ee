/** The control: the app behind HAProxy, and deployments that do not happen. Whatever is lost here is the bench's fault. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { callEngine } from '../../../test/support/containers/engine-api.js'
import { freePort } from '../../../test/services/free-port.mjs'
import { requirePrograms } from '../../../test/services/packages.mjs'
import type { Contender } from '../contender.js'

export const nothing: Contender = {
  name: 'nothing is deployed',
  isControl: true,
  async start(ground, first) {
    const { address: program } = await requirePrograms({ haproxy: 'haproxy' })
    const { socket } = ground.engine
    const folder = ground.folder()
    const made = await callEngine(socket, 'POST', '/containers/create', {
      body: { Image: await ground.image(first) },
    })
    const { Id: id } = JSON.parse(made.body.toString()) as { Id: string } // as the engine's API has it
    await callEngine(socket, 'POST', `/containers/${id}/start`)
    const seen = await callEngine(socket, 'GET', `/containers/${id}/json`)
    const { NetworkSettings: network } = JSON.parse(seen.body.toString()) as {
      NetworkSettings: { IPAddress: string }
    } // the same
    const port = await freePort()
    const config = join(folder, 'haproxy.cfg')
    writeFileSync(config, haproxyConfig(port, `${network.IPAddress}:8080`))
    const haproxy = spawn(program, ['-db', '-f', config], { stdio: 'ignore' })
    const ended = new Promise((done) => haproxy.once('exit', done))
    return {
      address: `127.0.0.1:${port}`,
      deploy: () => Promise.resolve(),
      async stop() {
        haproxy.kill('SIGKILL')
        await ended
        await callEngine(socket, 'DELETE', `/containers/${id}?force=1`)
      },
    }
  },
}

function haproxyConfig(port: number, server: string): string {
  return `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen web
  bind 127.0.0.1:${port}
  server s1 ${server}
`
}
