/** The script that most write when recreating is not good enough: scale up, reload nginx, stop the old one. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../../test/services/free-port.mjs'
import { requirePrograms } from '../../../test/services/packages.mjs'
import type { Contender } from '../contender.js'
import { runCommand } from './run-command.js'

const script = join(import.meta.dirname, 'nginx-reload.sh')
const programs = {
  docker: 'docker.io',
  'docker-compose': 'docker-compose',
  nginx: 'nginx-light',
  curl: 'curl',
}

/** `waitSeconds`: how long the script waits between the reload and the old container's end. */
export function nginxReload(waitSeconds: number): Contender {
  return {
    name: waitSeconds === 0 ? 'scale up, nginx reload' : `scale up, nginx reload, wait ${waitSeconds} s`,
    async start(ground, first) {
      await requirePrograms(programs)
      const folder = ground.folder()
      const port = await freePort()
      const project = `bench-${ground.engine.run}-${port}`
      const [conf, upstream] = [join(folder, 'nginx.conf'), join(folder, 'upstream.conf')]
      const service = ['version: "2.4"', 'services:', '  web:', '    image: ${IMAGE}']
      writeFileSync(join(folder, 'docker-compose.yml'), `${service.join('\n')}\n`)
      writeFileSync(conf, nginxConf(folder, port))
      const place = async (version: string) => ({
        folder,
        env: {
          DOCKER_HOST: `unix://${ground.engine.socket}`,
          IMAGE: await ground.image(version),
          PROJECT: project,
          NGINX_CONF: conf,
          UPSTREAM: upstream,
          WAIT: String(waitSeconds),
        },
      })
      const down = async (): Promise<void> => {
        await runCommand(await place(first), 'docker-compose', '-p', project, 'down', '-v', '-t', '1')
      }
      try {
        const begin = await place(first)
        await runCommand(begin, 'docker-compose', '-p', project, 'up', '-d')
        const id = await runCommand(begin, 'docker-compose', '-p', project, 'ps', '-q', 'web')
        const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
        writeFileSync(
          upstream,
          `server ${await runCommand(begin, 'docker', 'inspect', '-f', format, id)}:8080;\n`,
        )
      } catch (error) {
        await down()
        throw error
      }
      const nginx = spawn('nginx', ['-c', conf, '-g', 'daemon off;'], {
        stdio: 'ignore',
        env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
      })
      const ended = new Promise((done) => nginx.once('exit', done))
      return {
        address: `127.0.0.1:${port}`,
        async deploy(version) {
          await runCommand(await place(version), script)
        },
        async stop() {
          nginx.kill('SIGTERM')
          await ended
          await down()
        },
      }
    },
  }
}

/** What a guide would write: keep-alive on both sides, WebSockets passed on. */
function nginxConf(folder: string, port: number): string {
  mkdirSync(join(folder, 'temporary'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(folder, 'temporary', kind)};`,
  )
  return `
user root;
worker_processes 2;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'error.log')};
events { worker_connections 4096; }
http {
${temporary.join('\n')}
  access_log off;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream web {
    include ${join(folder, 'upstream.conf')};
    keepalive 32;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://web;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
  }
}
`
}
