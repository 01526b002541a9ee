/**
 * How releases come to hosts: all of it or what differs, from where it was cut, and never a wrong byte; on a full machine
 * and on one with BusyBox alone. What passes over the wire is counted where it passes.
 */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { Progress } from '../../../src/model/event.js'
import type { HostLink } from '../../../src/model/host.js'
import type { Files, StageableRelease } from '../../support/directory-bench.js'
import { linkBench, type LinkBench } from '../../support/link-bench.js'
import { describeWith, testWith } from '../../support/needs.js'
import { remoteBench, type RemoteBench } from '../../support/remote-bench.js'
import { shareOf } from '../../support/shares.js'
import { startSshHost, type SshHost } from '../../support/ssh-host.js'
import { startTcpRelay, type TcpRelay } from '../../support/tcp-relay.js'

const mebibyte = 2 ** 20
/** A text that is so many bytes when it is packed, and little more. */
const noise = (bytes: number): string => randomBytes(bytes).toString('base64')

for (const kind of ['debian', 'busybox'] as const) {
  describeWith('ssh-hosts', `a release on its way to a ${kind} host`, () => {
    const test = testWith('ssh-hosts')
    let host: SshHost
    let relay: TcpRelay
    let links: LinkBench
    let link: HostLink
    let bench: RemoteBench
    beforeAll(async () => {
      host = await startSshHost({ kind })
      relay = await startTcpRelay(host.port)
      links = await linkBench()
      link = await links.link(relay.port)
    })
    afterAll(async () => {
      await links.end()
      await relay.close()
      await host.stop()
    })
    beforeEach(async () => {
      bench = await remoteBench(host, link)
    })
    afterEach(() => bench.end())

    const stage = ({ instance, obtain }: StageableRelease, options = {}) =>
      bench.target(options).stage(instance, obtain, bench.context())
    const serve = ({ instance }: StageableRelease) =>
      bench.target().route([], shareOf(instance), bench.context())
    const sentBy = async (work: () => Promise<unknown>): Promise<number> => {
      const before = relay.sent()
      await work()
      return relay.sent() - before
    }
    const incoming = () => readdir(bench.seen(`${bench.path}/.deployctl/incoming`)).catch(() => [])
    const at = ({ instance }: StageableRelease, path: string) =>
      bench.seen(`${bench.path}/releases/${instance.name}/${path}`)
    const drift = async (release: StageableRelease) =>
      (await bench.target().inspect({ active: [release.instance], previous: [] }, bench.context().signal))
        .drift

    test('a wire that is cut in the middle: only the rest is sent', async () => {
      const big = await bench.release('1.0.0', { 'big.bin': noise(8 * mebibyte) })
      relay.dropAfter(5 * mebibyte)
      const sent = await sentBy(() => stage(big))
      expect(sent).toBeGreaterThan(7 * mebibyte)
      expect(sent).toBeLessThan(10.5 * mebibyte)
      expect(await incoming()).toEqual([])
    })

    test('what a killed one has sent is not sent again, unless it is not what it should be', async () => {
      const big = await bench.release('1.0.0', { 'big.bin': noise(4 * mebibyte) })
      const cancel = new AbortController()
      const context = { ...bench.context('d1', cancel.signal), onProgress: stopAt(3 * mebibyte, cancel) }
      await expect(bench.target().stage(big.instance, big.obtain, context)).rejects.toThrow('cancelled')
      const [half = ''] = await incoming()
      const file = bench.seen(`${bench.path}/.deployctl/incoming/${half}`)
      const { size } = await stat(file)
      expect(size).toBeGreaterThan(mebibyte / 2)
      expect(await sentBy(() => stage(big))).toBeLessThan(4.5 * mebibyte - size)
      expect(await incoming()).toEqual([])

      await bench.target().discard(big.instance, bench.context())
      await host.inside(`mkdir -p '${quoted(`${bench.path}/.deployctl/incoming`)}'`)
      await writeFile(file, randomBytes(size))
      expect(await sentBy(() => stage(big))).toBeGreaterThan(4 * mebibyte)
      await host.inside(`mkdir -p '${quoted(`${bench.path}/.deployctl/incoming`)}'`)
      await writeFile(file, randomBytes(size))
      await bench.target().discard(big.instance, bench.context())
      expect(await incoming()).toEqual([])
    })

    const first = (): Files => ({
      'same.bin': noise(2 * mebibyte),
      'it\'s a "name"/-x y.txt': noise(64 * 1024),
      'bin/run': { mode: 0o755, text: noise(64 * 1024) },
      'other.txt': '1',
      'gone.txt': 'gone',
      'a folder': null,
      latest: { link: 'bin/run' },
    })

    test('delta sends what differs from what serves, and copies the rest', async () => {
      const files = first()
      const { 'gone.txt': _, ...kept } = files
      const one = await bench.release('1.0.0', files)
      const two = await bench.release('1.1.0', { ...kept, 'other.txt': '2', 'new.txt': 'new' })
      expect(await sentBy(() => stage(one, { transfer: 'delta' }))).toBeGreaterThan(2 * mebibyte)
      await serve(one)
      const umask = { transfer: 'delta', umask: '077' }
      expect(await sentBy(() => stage(two, { transfer: 'delta' }))).toBeLessThan(64 * 1024)
      expect(await isAlike(at(one, 'same.bin'), at(two, 'same.bin'))).toBe(true)
      const odd = 'it\'s a "name"/-x y.txt'
      expect(await isAlike(at(one, odd), at(two, odd))).toBe(true)
      expect((await stat(at(two, 'bin/run'))).mode & 0o777).toBe(0o755)
      expect((await stat(at(two, 'same.bin'))).ino).not.toBe((await stat(at(one, 'same.bin'))).ino)
      expect(await readFile(at(two, 'other.txt'), 'utf8')).toBe('2')
      expect((await readdir(at(two, ''))).sort()).toEqual(
        ['a folder', 'bin', 'it\'s a "name"', 'latest', 'new.txt', 'other.txt', 'same.bin'].sort(),
      )
      expect(await incoming()).toEqual([])
      await serve(two)
      expect(await drift(two)).toEqual([])

      const three = await bench.release('1.2.0', { ...kept, 'other.txt': '3' }, umask)
      await stage(three, umask)
      await serve(three)
      expect((await stat(at(three, 'bin/run'))).mode & 0o777).toBe(0o700)
      await host.inside(`touch '${quoted(`${bench.path}/releases/${three.instance.name}/other.txt`)}'`)
      expect(await drift(three)).toEqual([])
    })

    test('delta sends all of it where what serves is not as it was put there', async () => {
      const files = first()
      const one = await bench.release('1.0.0', files)
      const two = await bench.release('1.1.0', { ...files, 'other.txt': '2' })
      await stage(one)
      await serve(one)
      await writeFile(at(one, 'same.bin'), noise(2 * mebibyte))
      expect(await sentBy(() => stage(two, { transfer: 'delta' }))).toBeGreaterThan(2 * mebibyte)
      await serve(two)
      expect(await drift(two)).toEqual([])
    })

    test('a delta that is stopped in the middle is finished by the next one', async () => {
      const same = noise(mebibyte)
      const one = await bench.release('1.0.0', { 'same.bin': same })
      const two = await bench.release('1.1.0', { 'same.bin': same, 'new.bin': noise(4 * mebibyte) })
      await stage(one, { transfer: 'delta' })
      await serve(one)
      const cancel = new AbortController()
      const context = { ...bench.context('d1', cancel.signal), onProgress: stopAt(2 * mebibyte, cancel) }
      const target = bench.target({ transfer: 'delta' })
      await expect(target.stage(two.instance, two.obtain, context)).rejects.toThrow('cancelled')
      expect(await drift(one)).toEqual([])
      await stage(two, { transfer: 'delta' })
      expect(await incoming()).toEqual([])
      await serve(two)
      expect(await drift(two)).toEqual([])
    })

    test('a pull that is stopped in the middle is done by the next one, from the beginning', async () => {
      const served = await servedArchive(bench)
      try {
        const { release, options } = served
        const cancel = new AbortController()
        served.stall(() => cancel.abort())
        const stopped = bench.target(options).stage(release.instance, release.obtain, {
          ...bench.context('d1', cancel.signal),
        })
        await expect(stopped).rejects.toThrow('cancelled')
        await stage(release, options)
        expect(await incoming()).toEqual([])
        await serve(release)
        expect(await drift(release)).toEqual([])
      } finally {
        await served.end()
      }
    })

    test('pull: the host fetches it itself, and a wrong byte is refused', async () => {
      const served = await servedArchive(bench)
      try {
        const { release, options } = served
        expect(await sentBy(() => stage(release, options))).toBeLessThan(64 * 1024)
        expect(served.asked()).toBe(1)
        await serve(release)
        expect(await drift(release)).toEqual([])
        expect((await stat(at(release, 'bin/run'))).mode & 0o777).toBe(0o755)
        expect((await readdir(at(release, ''))).sort()).toEqual(['a b', 'big.txt', 'bin', 'empty', 'latest'])
        await bench.target().route(shareOf(release.instance), [], bench.context())
        await bench.target().discard(release.instance, bench.context())
        served.spoil()
        await expect(stage(release, options)).rejects.toThrow('what it got has another SHA-256')
        expect(await incoming()).toEqual([])
      } finally {
        await served.end()
      }
    })
  })
}

/** A release in a .tar.gz that a web server has, with a folder around it to be left out. */
async function servedArchive(bench: RemoteBench) {
  const { obtain } = await bench.release('2.0.0', {
    'app/big.txt': noise(mebibyte),
    'app/bin/run': { mode: 0o755, text: 'run' },
    "app/a b/it's": 'odd',
    'app/empty': null,
    'app/latest': { link: 'bin/run' },
  })
  const archive = join(bench.folder, 'app.tar.gz')
  await promisify(execFile)('tar', ['-czf', archive, '-C', (await obtain()).path, 'app'])
  let bytes = await readFile(archive)
  let asked = 0
  let stall: ((response: ServerResponse) => void) | null = null
  const server = createServer((_, response) => {
    asked++
    if (stall === null) response.end(bytes)
    else stall(response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo // it listens on a port
  const release = await bench.release('2.1.0', {})
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const artifact = { kind: 'archive', name: 'app.tar.gz', location: '' } as const
  const address = () => Promise.resolve(`http://127.0.0.1:${port}/app.tar.gz?a=1&b=$HOME`)
  return {
    options: { transfer: 'pull', strip: 1 },
    release: {
      instance: { ...release.instance, release: { ...release.instance.release, digest, artifact } },
      obtain: () => Promise.resolve({ kind: 'archive' as const, path: archive, name: 'app.tar.gz', address }),
    },
    asked: () => asked,
    spoil() {
      bytes = randomBytes(1000)
    },
    /** The next one who asks gets half of it and no more. */
    stall(then: () => void) {
      stall = (response) => {
        stall = null
        response.writeHead(200, { 'content-length': bytes.length })
        response.write(bytes.subarray(0, bytes.length / 2), then)
      }
    },
    end() {
      server.closeAllConnections()
      return new Promise((done) => server.close(done))
    },
  }
}

/** While it is being sent, not before. */
function stopAt(bytes: number, cancel: AbortController): (progress: Progress) => void {
  return ({ done, label }) => {
    if (label.startsWith('sending') && done >= bytes) cancel.abort()
  }
}

async function isAlike(one: string, other: string): Promise<boolean> {
  return (await readFile(one)).equals(await readFile(other))
}

function quoted(path: string): string {
  return path.replaceAll("'", `'\\''`)
}
