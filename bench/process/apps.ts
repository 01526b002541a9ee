/**
 * The app that all contenders run, in two languages and three kinds: good, never well, and falling over after ten seconds. It
 * takes its socket from whoever starts it, says its version in a header, answers `/slow?ms=N` after a while, and when it is
 * asked to end it accepts nothing more, sends clients away with their next answer, and exits when nobody is left.
 */
export type Kind = 'good' | 'unwell' | 'crashing'

export interface Language {
  readonly name: string
  /** Of its file. */
  readonly file: string
  readonly command: readonly string[]
  app(version: string, kind: Kind): string
}

const crashAfterMs = 10_000

const node: Language = {
  name: 'node',
  file: 'server.mjs',
  command: [process.execPath, 'server.mjs'],
  app: (version, kind) => `import { createServer } from 'node:http'
import { Server } from 'node:net'
let isEnding = false
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://app')
  const answer = () => {
    if (isEnding) response.setHeader('Connection', 'close')
    response.writeHead(${kind === 'unwell' ? 500 : 200}, { 'X-App-Version': '${version}' })
    response.end('${version}')
  }
  if (url.pathname === '/slow') setTimeout(answer, Number(url.searchParams.get('ms')))
  else answer()
})
server.keepAliveTimeout = 60_000
server.listen(process.env.LISTEN_FDS || process.env.SERVER_STARTER_PORT
  ? { fd: Number((process.env.SERVER_STARTER_PORT ?? '=3').split('=').at(-1)) }
  : { host: '127.0.0.1', port: Number(process.env.PORT) }, () => process.send?.('ready'))
const end = () => {
  isEnding = true
  Server.prototype.close.call(server, () => process.exit(0))
  setTimeout(() => server.closeIdleConnections(), 12_000).unref()
}
process.on('SIGTERM', end)
process.on('SIGINT', end)
${kind === 'crashing' ? `setTimeout(() => process.exit(1), ${crashAfterMs})` : ''}
`,
}

const python: Language = {
  name: 'python',
  file: 'server.py',
  command: ['python3', '-u', 'server.py'],
  app: (version, kind) => `
import os, signal, socket, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse
ending = False
class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 60
    def do_GET(self):
        url = urlparse(self.path)
        if url.path == '/slow':
            time.sleep(int(parse_qs(url.query)['ms'][0]) / 1000)
        body = b'${version}'
        self.send_response(${kind === 'unwell' ? 500 : 200})
        self.send_header('X-App-Version', '${version}')
        self.send_header('Content-Length', str(len(body)))
        if ending:
            self.send_header('Connection', 'close')
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
class Server(ThreadingHTTPServer):
    daemon_threads = True
server = Server(('127.0.0.1', 0), Handler, bind_and_activate=False)
port = os.environ.get('SERVER_STARTER_PORT')
server.socket.close()
if port:
    server.socket = socket.socket(fileno=int(port.split('=')[-1]))
    server.socket.setblocking(True)
    server.socket.settimeout(0.2)
else:
    server.socket = socket.create_server(('127.0.0.1', int(os.environ['PORT'])), reuse_port=False, backlog=1024)
open_connections = set()
lock = threading.Lock()
process_request = server.process_request_thread
def counted(request, address):
    with lock:
        open_connections.add(request)
    try:
        request.settimeout(60)
        process_request(request, address)
    finally:
        with lock:
            open_connections.discard(request)
server.process_request_thread = counted
def end(*_):
    global ending
    ending = True
    threading.Thread(target=server.shutdown).start()
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
${kind === 'crashing' ? `threading.Timer(${crashAfterMs / 1000}, lambda: os._exit(1)).start()` : ''}
server.serve_forever(0.05)
server.socket.close()
until = time.time() + 20
while open_connections and time.time() < until:
    time.sleep(0.05)
os._exit(0)
`,
}

export const languages: readonly Language[] = [node, python]
