/** Who may ask a running agent for what: its own user over the socket, readers with a token over HTTP, nobody else. */
import { createServer } from 'node:net'
import { stat } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { shownAgent, shownReport, type ShownAgent } from '../../support/shown-agent.js'
import { controlBench, token } from './control-bench.js'

let bench: Awaited<ReturnType<typeof controlBench>>
let agent: ShownAgent
beforeEach(async () => {
  bench = await controlBench()
  agent = shownAgent()
})
afterEach(() => bench.remove())
const bearer = { authorization: `Bearer ${token}` }

describe('the control socket', () => {
  test("is the owner's alone, and takes commands", async () => {
    await bench.serve(agent, null)
    expect((await stat(bench.place.socket)).mode & 0o777).toBe(0o600)
    expect((await stat(bench.place.path)).mode & 0o777).toBe(0o700)
    await bench.caller.call('/api/v1/check', {})
    await bench.caller.call('/api/v1/pause', { by: 'ada', reason: 'move' })
    await bench.caller.call('/api/v1/resume', {})
    expect(await bench.caller.call('/api/v1/approve', { what: 'web', by: 'ada' })).toEqual({ approved: [] })
    await bench.caller.call('/api/v1/approve', { by: 'ada' })
    await bench.caller.call('/api/v1/reload', {})
    const approvals = ['approve web ada', 'approve null ada']
    expect(agent.said).toEqual(['check', 'pause ada: move', 'resume', ...approvals, 'reload'])
    expect(await bench.caller.call('/api/v1/status')).toEqual(JSON.parse(JSON.stringify(shownReport)))
  })

  test('answers null when no agent runs, also when one was killed and left its socket', async () => {
    expect(await bench.caller.call('/api/v1/status')).toBe(null)
    expect(await bench.caller.follow('/api/v1/events', () => undefined, new AbortController().signal)).toBe(
      false,
    )
    await bench.serve(agent, null)
    await bench.close()
    expect(await bench.caller.call('/api/v1/status')).toBe(null)
    await bench.serve(agent, null)
    expect(await bench.caller.call('/api/v1/logs')).toMatchObject({ lines: [{}, {}, {}] })
  })

  test('a second agent is refused, and leaves the first its socket', async () => {
    await bench.serve(agent, null)
    await expect(bench.serve(shownAgent(), null)).rejects.toMatchObject({ code: 'LOCKED' })
    await bench.caller.call('/api/v1/check', {})
    expect(agent.said).toEqual(['check'])
  })

  test('lies elsewhere when its folder has a longer path than a socket may have', async () => {
    const deep = await controlBench(`/${'long/'.repeat(30)}`)
    try {
      await deep.serve(agent, null)
      expect(deep.place.socket.startsWith(deep.folder)).toBe(false)
      await deep.caller.call('/api/v1/check', {})
      expect(agent.said).toEqual(['check'])
    } finally {
      await deep.remove()
    }
  })

  test('lets others follow, and forgets those who leave', async () => {
    await bench.serve(agent, null)
    const heard: string[] = []
    const stop = new AbortController()
    const following = bench.caller.follow('/api/v1/events', (event) => void heard.push(event), stop.signal)
    await expect.poll(() => heard).toContain('report')
    agent.tell({ time: '2026-01-01T00:00:00Z', level: 'info', msg: 'hello' })
    await expect.poll(() => heard).toContain('log')
    stop.abort()
    expect(await following).toBe(true)
    await expect.poll(() => agent.listening()).toBe(0)
  })
})

describe('HTTP', () => {
  test('says whether it lives to anyone, and nothing else without the token', async () => {
    const origin = await bench.serve(agent)
    expect((await fetch(`${origin}/healthz`)).status).toBe(200)
    expect((await fetch(`${origin}/readyz`)).status).toBe(200)
    for (const path of [
      '/',
      '/page.js',
      '/metrics',
      '/api/v1/status',
      '/api/v1/logs',
      '/api/v1/events',
      '/nowhere',
    ]) {
      expect((await fetch(origin + path)).status, path).toBe(401)
      expect((await fetch(origin + path, { headers: { authorization: 'Bearer wrong' } })).status, path).toBe(
        401,
      )
    }
  })

  test('is read with the token, and takes no command', async () => {
    const origin = await bench.serve(agent)
    const metrics = await fetch(`${origin}/metrics`, { headers: bearer })
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4')
    expect(await (await fetch(`${origin}/api/v1/status`, { headers: bearer })).json()).toMatchObject({
      agent: { pid: 4711 },
    })
    expect((await fetch(`${origin}/nowhere`, { headers: bearer })).status).toBe(404)
    for (const path of ['check', 'pause', 'resume', 'reload']) {
      const answer = await fetch(`${origin}/api/v1/${path}`, { method: 'POST', headers: bearer, body: '{}' })
      expect(answer.status, path).toBe(403)
    }
    expect((await fetch(`${origin}/metrics`, { method: 'DELETE', headers: bearer })).status).toBe(405)
    expect(agent.said).toEqual([])
  })

  test('turns the token in an address into a cookie that scripts cannot read', async () => {
    const origin = await bench.serve(agent)
    expect((await fetch(`${origin}/?token=wrong`, { redirect: 'manual' })).status).toBe(401)
    const welcome = await fetch(`${origin}/?token=${token}`, { redirect: 'manual' })
    expect(welcome.status).toBe(303)
    expect(welcome.headers.get('location')).toBe('/')
    const cookie = welcome.headers.get('set-cookie') ?? ''
    expect(cookie).toContain('HttpOnly; SameSite=Strict')
    const page = await fetch(`${origin}/`, { headers: { cookie: cookie.split(';')[0] ?? '' } })
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
  })

  test('makes a token that stays the same where none is given, for its owner to read', async () => {
    let origin = await bench.serve(agent, { token: null })
    const made = (await bench.memory.read('token'))?.trim() ?? ''
    expect(made).toMatch(/^[0-9a-f]{48}$/)
    await bench.close()
    origin = await bench.serve(agent, { token: null })
    const answer = await fetch(`${origin}/metrics`, { headers: { authorization: `Bearer ${made}` } })
    expect(answer.status).toBe(200)
  })

  test('a port that is taken is an error that names it, and nothing stays open', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const { serveAgent } = await import('../../../src/drivers/control/serve-agent.js')
    const secrets = { reveal: async (t: string) => t, mask: (t: string) => t, maskAll: <T>(d: T) => d }
    const { systemClock } = await import('../../../src/drivers/system/system-clock.js')
    const options = {
      folder: bench.place,
      memory: bench.memory,
      http: { host: '127.0.0.1', port, token },
      ports: { clock: systemClock, secrets },
      say: () => undefined,
    }
    await expect(serveAgent(agent, options)).rejects.toThrow(`127.0.0.1:${port}: something listens there`)
    expect(await bench.caller.call('/api/v1/status')).toBe(null)
    taken.close()
  })
})
