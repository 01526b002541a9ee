/** The load generator of bench/containers must be right before what it counts can be: servers that fail in known ways. */
import { createServer, type Server, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { startLoad, type LoadOptions } from '../../../bench/containers/load.js'
import { shareOf, type LoadResult } from '../../../bench/containers/load-result.js'

type Conduct = (socket: Socket, request: number) => void

/** A server that treats the n-th request as told, over connections that stay. */
async function loadOn(conduct: Conduct, options: Omit<LoadOptions, 'address'>): Promise<LoadResult> {
  let requests = 0
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => conduct(socket, ++requests))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it does not listen')
  try {
    return await startLoad({ address: `127.0.0.1:${address.port}`, ...options }).finished
  } finally {
    server.close()
  }
}

const answer = (version: string, status = 200) =>
  `HTTP/1.1 ${status} X\r\nX-App-Version: ${version}\r\nContent-Length: 2\r\n\r\nok`

test('a server without fault loses nothing, and each version is counted', async () => {
  const result = await loadOn((socket, n) => socket.write(answer(n % 20 === 0 ? 'v2' : 'v1')), {
    rate: 1000,
    mostRequests: 2000,
    slowShare: 0,
  })
  expect(result).toMatchObject({ sent: 2000, lost: 0, endings: { answered: 2000 } })
  expect(result.versions).toEqual({ v1: 1900, v2: 100 })
  expect(shareOf(result, 'v2')).toBe(5)
  expect(result.connections.reset + result.connections.closedWhenIdle).toBe(0)
})

test('every way to lose a request is counted as what it is', async () => {
  const truth = { answered: 0, reset: 0, cut: 0, serverError: 0, otherStatus: 0 }
  const ways: readonly [keyof typeof truth, (socket: Socket) => void][] = [
    ['answered', (socket) => socket.write(answer('v1'))],
    ['reset', (socket) => socket.resetAndDestroy()],
    ['cut', (socket) => socket.end()],
    ['cut', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')],
    ['serverError', (socket) => socket.write(answer('v1', 503))],
    ['otherStatus', (socket) => socket.write(answer('v1', 404))],
  ]
  const result = await loadOn(
    (socket, n) => {
      const [ending, act] = ways[n % 7] ?? ways[0]!
      truth[ending]++
      act(socket)
    },
    { rate: 1000, mostRequests: 1400, slowShare: 0 },
  )
  expect(result.endings).toEqual({ ...truth, refused: 0, timedOut: 0 })
  expect(result.lost).toBe(1400 - truth.answered)
  expect(truth).toMatchObject({ reset: 200, cut: 400, serverError: 200, otherStatus: 200 })
  expect(result.connections.reset).toBe(200)
})

test('nobody there is a refusal', async () => {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new Error('it does not listen')
  const load = startLoad({
    address: `127.0.0.1:${address.port}`,
    rate: 500,
    mostRequests: 100,
    webSockets: 2,
  })
  const result = await load.finished
  expect(result).toMatchObject({
    lost: 100,
    endings: { refused: 100 },
    webSockets: { opened: 0, refused: 2 },
  })
})

test('an answer that comes too late is late, and a slow one in its time is not', async () => {
  const result = await loadOn(
    (socket, n) => {
      const wait = n % 10 === 0 ? 1300 : 0
      setTimeout(() => socket.write(answer('v1')), wait)
    },
    { rate: 200, mostRequests: 200, slowShare: 0 },
  )
  expect(result).toMatchObject({ lost: 0, sent: 200 })
  expect(result.late).toBeGreaterThanOrEqual(20)
  const slow = await loadOn((socket) => void setTimeout(() => socket.write(answer('v1')), 1300), {
    rate: 100,
    mostRequests: 50,
    slowShare: 1,
    slowMs: 1300,
  })
  expect(slow).toMatchObject({ lost: 0, slow: 50 })
})
