// hello v1.0.2: its greeting moved out of the code, to greeting.txt.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const version = '1.0.2'
const greetingFile = new URL('./greeting.txt', import.meta.url)
const visitsFile = new URL('./data/visits.txt', import.meta.url)

const server = createServer((request, response) => {
  if (request.url === '/health') {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ status: 'ok', version }))
    return
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  const greeting = readFileSync(greetingFile, 'utf8').trim()
  response.end(
    `<!doctype html>\n<title>hello</title>\n<h1>${greeting} from v${version}</h1>\n<p>visit ${countVisit()}</p>\n`,
  )
})

function countVisit() {
  let visits = 0
  try {
    visits = Number(readFileSync(visitsFile, 'utf8'))
  } catch {
    // the first visit of all
  }
  writeFileSync(visitsFile, String(visits + 1))
  return visits + 1
}

const port = Number(process.env.PORT ?? 8127)
server.listen(port, '127.0.0.1', () => console.log(`v${version} listens on port ${port}`))

process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
