/** A real git server over HTTP on loopback: git's own CGI program behind node:http, with a login if asked for. */
import { spawn, execFileSync } from 'node:child_process'
import path from 'node:path'
import { serveHttp } from '../../../contract/loopback.js'
import type { Handler } from '../loopback-server.js'

export interface GitServer {
  readonly origin: string
  /** Answers everything, instead of git: an outage. Null ends it. */
  breakWith(handler: Handler | null): void
  end(): Promise<void>
}

/** Serves every repository below `root`. `login` is `user:token`. */
export async function startGitServer(root: string, login?: string): Promise<GitServer> {
  const program = path.join(execFileSync('git', ['--exec-path']).toString().trim(), 'git-http-backend')
  let outage: Handler | null = null
  const server = await serveHttp((request, response) => {
    if (outage !== null) return outage(request, response)
    const expected = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`
    if (expected !== undefined && request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    const url = new URL(request.url ?? '/', 'http://x')
    const child = spawn(program, {
      env: {
        ...process.env,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_USER: 'tester',
        REMOTE_ADDR: '127.0.0.1',
      },
    })
    request.pipe(child.stdin)
    child.stdin.on('error', () => undefined)
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('close', () => {
      const answer = Buffer.concat(chunks)
      const end = answer.indexOf('\r\n\r\n')
      const headers = answer
        .subarray(0, end)
        .toString()
        .split('\r\n')
        .map((line) => line.split(': ', 2) as [string, string])
      const status = Number(headers.find(([name]) => name === 'Status')?.[1].slice(0, 3) ?? 200)
      response.writeHead(status, Object.fromEntries(headers.filter(([name]) => name !== 'Status')))
      response.end(answer.subarray(end + 4))
    })
  })
  return {
    origin: `http://127.0.0.1:${server.port}`,
    breakWith: (handler) => void (outage = handler),
    end: () => server.close(),
  }
}
