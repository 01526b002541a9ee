// An app that takes its listening socket instead of opening one, and ends without dropping what it has begun.
import { createServer } from 'node:http'
import { Server } from 'node:net'

let isEnding = false
const server = createServer((request, response) => {
  if (isEnding) response.setHeader('Connection', 'close') // a client that keeps its connection is sent to the next release
  response.end(request.url === '/health' ? 'ok\n' : 'hello from 1.1.0\n')
})
server.listen({ fd: 3 }) // the first of SERVER_STARTER_PORT and of LISTEN_FDS
console.log(`listening on ${process.env.SERVER_STARTER_PORT}`)

const patienceMs = 10_000
process.on('SIGTERM', () => {
  isEnding = true
  // accepts nothing more; http's own close would also cut connections that are idle at this moment
  Server.prototype.close.call(server, () => process.exit(0))
  setTimeout(() => server.closeIdleConnections(), patienceMs).unref()
})
