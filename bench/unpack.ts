/**
 * Fetching, verifying and unpacking an artifact of 1 GiB, beside `curl` + `sha256sum` + `tar`. Ours ends when all of it
 * is safe from a power cut; theirs is measured as people run it, and once more with the `sync -f` that takes.
 */
import { buildSync } from 'esbuild'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { run, show, summary, type Command, type Row, type Times } from './measure.js'

const mebibyte = 2 ** 20
const memoryGoalBytes = 150 * mebibyte
const least = 0.9

interface Case {
  readonly file: string
  readonly what: string
  readonly pack: string
}

const cases: readonly Case[] = [
  { file: 'release.tar', what: '1 GiB .tar: fetch, verify, unpack', pack: 'tar -cf release.tar release' },
  {
    file: 'release.tar.gz',
    what: '1 GiB .tar.gz: fetch, verify, unpack',
    pack: 'tar -c release big | gzip -1 > release.tar.gz',
  },
  { file: 'small.tar.gz', what: '10,000 small files, .tar.gz', pack: 'tar -czf small.tar.gz small' },
]

export async function benchUnpack(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'deployctl-bench-'))
  const server = spawn(process.execPath, ['-e', serverCode, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const origin = await firstLine(server)
    buildSync({
      entryPoints: [join(import.meta.dirname, 'unpack-child.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: join(folder, 'child.mjs'),
      external: ['yauzl', 'execa'],
      logLevel: 'error',
    })
    makeRelease(folder)
    const rows: Row[] = []
    for (const one of cases) rows.push(...(await measureCase(one, folder, origin)))
    return rows
  } finally {
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureCase(
  { file, what, pack }: Case,
  folder: string,
  origin: string,
): Promise<readonly Row[]> {
  execFileSync('sh', ['-c', pack], { cwd: folder })
  const path = join(folder, file)
  const digest = await digestOf(path)
  const url = `${origin}/${file}`
  const place = join(folder, 'place')
  const shell = (line: string): Command => ({
    program: 'sh',
    words: ['-c', `set -e; ${line}`],
    directory: place,
  })
  const fetch = `curl -sSf -o a ${url}; echo "${digest}  a" | sha256sum -c --quiet; mkdir b; tar -xf a -C b`
  const words = [join(folder, 'child.mjs'), url, `sha256:${digest}`, place]
  const ours: Command = { program: process.execPath, words, directory: folder }
  const [own, theirs, durable] = inTurns(place, [ours, shell(fetch), shell(`${fetch}; sync -f b`)])
  if (own === undefined || theirs === undefined || durable === undefined) return []
  const { size } = statSync(path)
  const gibibytes = (size / 2 ** 30).toFixed(2)
  const large = size > 2 ** 29
  rmSync(path)
  return [
    speedRow(`${what} (${gibibytes} GiB)`, own.times, theirs.times, 'curl + sha256sum + tar', large),
    speedRow('  the same, theirs flushed as well', own.times, durable.times, '… + sync -f', true),
    {
      what: '  peak memory',
      ours: `${(own.peakBytes / mebibyte).toFixed(0)} MiB`,
      baseline: '',
      goal: `< ${memoryGoalBytes / mebibyte} MiB`,
      verdict: own.peakBytes < memoryGoalBytes ? 'met' : 'missed',
    },
  ]
}

interface Measured {
  readonly times: Times
  /** As the process says at its end; 0 when it does not. */
  readonly peakBytes: number
}

/** Each run begins with an empty folder and a quiet disk. */
function inTurns(place: string, commands: readonly Command[]): readonly Measured[] {
  const taken = commands.map((): number[] => [])
  const peaks = commands.map(() => 0)
  for (let round = 0; round < 3; round++) {
    for (const [index, command] of commands.entries()) {
      rmSync(place, { recursive: true, force: true })
      mkdirSync(place)
      execFileSync('sync', ['-f', place])
      const begun = performance.now()
      const result = run(command)
      const ms = performance.now() - begun
      if (result.status !== 0) throw new Error(`${command.program} failed:\n${result.stdout}${result.stderr}`)
      taken[index]?.push(ms)
      peaks[index] = Math.max(peaks[index] ?? 0, Number(result.stdout) || 0)
    }
  }
  return taken.map((times, index) => ({ times: summary(times), peakBytes: peaks[index] ?? 0 }))
}

/** Few bytes in many files are mostly a matter of flushing: there, only what flushes as well is held against us. */
function speedRow(what: string, ours: Times, theirs: Times, beside: string, isGoal: boolean): Row {
  const ratio = theirs.minMs / ours.minMs
  return {
    what,
    ours: `${show(ours)} = ${ratio.toFixed(2)} × the throughput`,
    baseline: `${beside} ${show(theirs)}`,
    goal: isGoal ? `≥ ${least} ×` : '',
    verdict: !isGoal ? '–' : ratio >= least ? 'met' : 'missed',
  }
}

/** Half of every file is chance and half of it compresses well, as in real releases. */
function makeRelease(folder: string): void {
  const unit = Buffer.alloc(4 * mebibyte)
  for (let at = 0; at < unit.length; at += 4) {
    const half = (at / 2048) % 2 < 1
    unit.writeUInt32LE(half ? Math.floor(Math.random() * 2 ** 32) : 0x61626364, at)
  }
  for (const [name, files] of [
    ['release', 256],
    ['big', 240],
  ] as const) {
    for (let index = 0; index < files; index++) {
      const inner = join(folder, name, `folder-${index % 16}`)
      mkdirSync(inner, { recursive: true })
      unit.writeUInt32LE(index, (index * 8192) % unit.length)
      writeFileSync(join(inner, `file-${index}`), unit)
    }
  }
  for (let index = 0; index < 10_000; index++) {
    const inner = join(folder, 'small', `folder-${index % 100}`)
    if (index < 100) mkdirSync(inner, { recursive: true })
    writeFileSync(join(inner, `file-${index}`), unit.subarray(index, index + 100 + (index % 4000)))
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: mebibyte })) hash.update(chunk as Buffer) // no encoding is set
  return hash.digest('hex')
}

/** A web server in a process of its own, as a release's server would be. */
const serverCode = `
  const { createServer } = require('node:http'), fs = require('node:fs'), path = require('node:path')
  const server = createServer((request, response) => {
    const file = path.join(process.argv[1], path.basename(request.url))
    response.writeHead(200, { 'content-length': fs.statSync(file).size, etag: '"1"' })
    fs.createReadStream(file, { highWaterMark: 1 << 20 }).pipe(response)
  })
  server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port))
`

async function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
    child.once('exit', (code) => reject(new Error(`the server ended with ${code ?? 'a signal'}`)))
  })
}
