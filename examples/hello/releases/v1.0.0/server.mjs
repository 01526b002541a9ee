// hello v1.0.0: a page that says which release serves it, and /health.
import { createServer } from 'node:http'

const version = '1.0.0'

const server = createServer((request, response) => {
  if (request.url === '/health') {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ status: 'ok', version }))
    return
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  response.end(`<!doctype html>\n<title>hello</title>\n<h1>Hello from v${version}</h1>\n`)
})

const port = Number(process.env.PORT ?? 8127)
server.listen(port, '127.0.0.1', () => console.log(`v${version} listens on port ${port}`))

process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
