/** WebSockets that a load holds: each sends a text every now and then and wants it back as it was. */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocketCounts } from './load-result.js'

export interface WebSocketHolder {
  counts(): WebSocketCounts
  /** Closes those that are open; they do not count as closed or cut. */
  stop(): void
}

export interface WebSocketOptions {
  readonly host: string
  readonly port: number
  readonly count: number
  readonly path?: string
  readonly everyMs?: number
  /** Whether one that ended is opened again, as a browser's page would. */
  readonly reopen?: boolean
}

export function holdWebSockets(options: WebSocketOptions): WebSocketHolder {
  const { count, everyMs = 500, reopen = false } = options
  const counts = { opened: 0, refused: 0, echoed: 0, closed: 0, cut: 0, wrong: 0 }
  const versions: Record<string, number> = {}
  const sockets = new Set<Socket>()
  const timers = new Set<NodeJS.Timeout>()
  let stopped = false

  const open = (): void => {
    if (stopped) return
    const again = (): void => {
      if (!reopen || stopped) return
      const timer = setTimeout(() => {
        timers.delete(timer)
        open()
      }, 100)
      timers.add(timer)
    }
    const refuse = (): void => {
      if (stopped) return
      counts.refused++
      again()
    }
    const key = randomBytes(16).toString('base64')
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': key,
      'sec-websocket-version': '13',
    }
    const { host, port, path = '/ws' } = options
    const question = request({ host, port, path, headers, agent: false, timeout: 30_000 })
    question.once('timeout', () => question.destroy(new Error('no answer')))
    question.once('error', refuse)
    question.once('response', (response) => {
      response.resume()
      refuse()
    })
    question.once('upgrade', (response, socket, left) => {
      if (stopped) return void socket.destroy()
      const version = String(response.headers['x-app-version'])
      counts.opened++
      versions[version] = (versions[version] ?? 0) + 1
      sockets.add(socket)
      converse(socket, left, again)
    })
    question.end()
  }

  const converse = (socket: Socket, left: Buffer, again: () => void): void => {
    socket.setTimeout(0)
    socket.setNoDelay(true)
    let waiting: string | undefined
    let number = 0
    let saidGoodbye = false
    let unread: Buffer = left
    const tick = setInterval(() => {
      if (waiting !== undefined) counts.wrong++ // not back after all this time
      waiting = `echo ${++number}`
      socket.write(frame(0x81, Buffer.from(waiting)))
    }, everyMs)
    const read = (): void => {
      for (;;) {
        const found = firstFrame(unread)
        if (found === undefined) return
        unread = unread.subarray(found.size)
        if (found.opcode === 8) {
          saidGoodbye = true
          socket.end(frame(0x88, found.body))
        } else if (found.opcode === 1) {
          if (found.body.toString() === waiting) counts.echoed++
          else counts.wrong++
          waiting = undefined
        }
      }
    }
    socket.on('data', (bytes: Buffer) => {
      unread = Buffer.concat([unread, bytes])
      read()
    })
    socket.on('error', () => undefined) // 'close' follows
    socket.on('end', () => socket.end())
    socket.once('close', () => {
      clearInterval(tick)
      sockets.delete(socket)
      if (stopped) return
      if (saidGoodbye) counts.closed++
      else counts.cut++
      again()
    })
    read()
  }

  for (let index = 0; index < count; index++) open()
  return {
    counts: () => ({ ...counts, versions: { ...versions } }),
    stop() {
      stopped = true
      for (const timer of timers) clearTimeout(timer)
      for (const socket of sockets) {
        socket.write(frame(0x88, Buffer.from([1000 >> 8, 1000 & 255])))
        socket.destroySoon()
      }
    },
  }
}

/** What clients send is masked; texts here are short. */
function frame(first: number, body: Buffer): Buffer {
  const mask = randomBytes(4)
  const masked = body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  return Buffer.concat([Buffer.from([first, 0x80 | body.length]), mask, masked])
}

function firstFrame(bytes: Buffer): { opcode: number; body: Buffer; size: number } | undefined {
  if (bytes.length < 2) return undefined
  const length = bytes.readUInt8(1) & 127
  const start = length === 126 ? 4 : 2
  if (bytes.length < start) return undefined
  const size = start + (length === 126 ? bytes.readUInt16BE(2) : length)
  if (bytes.length < size) return undefined
  return { opcode: bytes.readUInt8(0) & 15, body: bytes.subarray(start, size), size }
}
