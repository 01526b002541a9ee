#!/usr/bin/env node
// Runs the pieces of chunks/ with V8's code cache, so that a run does not compile what an earlier run has compiled
// already. Built into dist/deployctl.cjs by scripts/bundle.mjs, which fills in the digest of the pieces. The cache is
// only ever a shortcut: whatever is wrong with it, the program runs all the same.
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const { Script } = require('node:vm')
const { crc32 } = require('node:zlib')

// The first word only: `plan` and `apply` compile different halves of the same pieces.
const command = /^[a-z_]{2,12}$/.test(process.argv[2] ?? '') ? process.argv[2] : 'start'
const cacheName = `code-${'{{digest}}'}-${process.version}-${process.arch}-${command}.cache`
const { folder, cached } = findCache()

/** Parts of Node that take milliseconds to load and that most commands never touch: loaded at the first touch. */
const seldom = new Set(['child_process', 'crypto', 'http', 'https', 'net', 'perf_hooks', 'tls', 'zlib'])
const modules = new Map()
const scripts = new Map()
process.once('exit', keepCache)
load('main.js')

/** A piece is a function expression that takes what a module gets, and import() as seen from this file. */
function load(name) {
  const known = modules.get(name)
  if (known !== undefined) return known.exports
  const module = { exports: {} }
  modules.set(name, module)
  const filename = path.join(__dirname, 'chunks', name)
  const source = fs.readFileSync(filename, 'latin1') // the pieces are ASCII
  const script = new Script(source, { filename, cachedData: cached.get(name) })
  scripts.set(name, script)
  const find = (specifier) => (specifier.startsWith('./') ? load(specifier.slice(2)) : partOfNode(specifier))
  script.runInThisContext()(
    module.exports,
    find,
    module,
    filename,
    __dirname,
    (specifier) => import(specifier),
  )
  return module.exports
}

function partOfNode(specifier) {
  if (!seldom.has(specifier.replace('node:', ''))) return require(specifier)
  return new Proxy({}, { get: (_, key) => require(specifier)[key], ...reflection(specifier) })
}

/** For a piece that copies all of a part of Node instead of touching it when needed. */
function reflection(specifier) {
  return {
    has: (_, key) => key in require(specifier),
    ownKeys: () => Reflect.ownKeys(require(specifier)),
    getOwnPropertyDescriptor: (_, key) => ({
      ...Reflect.getOwnPropertyDescriptor(require(specifier), key),
      configurable: true,
    }),
    getPrototypeOf: () => Reflect.getPrototypeOf(require(specifier)),
  }
}

/** Beside the program; where that cannot be written, in the user's cache folder. */
function cacheFolders() {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME ? path.join(process.env.HOME, '.cache') : '')
  return [path.join(__dirname, '.cache'), ...(path.isAbsolute(home) ? [path.join(home, 'deployctl')] : [])]
}

function findCache() {
  for (const folder of cacheFolders()) {
    try {
      return { folder, cached: unpack(fs.readFileSync(path.join(folder, cacheName))) }
    } catch {
      // not there, or not ours to read
    }
  }
  return { folder: undefined, cached: new Map() }
}

/**
 * The length of the table, the table, the data, and a checksum. V8 runs whatever a cache says, and ends with a
 * segmentation fault when a disk has bent it. A Node too old to have crc32 (before 20.15) goes without a cache.
 */
function unpack(bytes) {
  const cached = new Map()
  const end = bytes.length - 4
  if (crc32 === undefined || end < 4 || crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end))
    return cached
  const start = 4 + bytes.readUInt32LE(0)
  for (const [name, from, length] of JSON.parse(bytes.toString('utf8', 4, start))) {
    cached.set(name, bytes.subarray(start + from, start + from + length))
  }
  return cached
}

function pack(entries) {
  let from = 0
  const table = entries.map(([name, data]) => [name, (from += data.length) - data.length, data.length])
  const text = Buffer.from(JSON.stringify(table))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  const body = Buffer.concat([length, text, ...entries.map(([, data]) => data)])
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32LE(crc32(body))
  return Buffer.concat([body, checksum])
}

/** When a piece was run without it: written to a file of its own and renamed, so that nobody reads half of one. */
function keepCache(exitCode) {
  const isMissing = [...scripts].some(([name, script]) => !cached.has(name) || script.cachedDataRejected)
  if (!isMissing || exitCode > 2 || crc32 === undefined) return // a run that broke off early compiled little
  for (const [name, script] of scripts) cached.set(name, script.createCachedData())
  const bytes = pack([...cached])
  for (const place of folder === undefined ? cacheFolders() : [folder]) {
    const half = path.join(place, `${cacheName}.${process.pid}`)
    try {
      fs.mkdirSync(place, { recursive: true, mode: 0o700 })
      fs.writeFileSync(half, bytes, { mode: 0o600 })
      fs.renameSync(half, path.join(place, cacheName))
      return
    } catch {
      remove(half)
    }
  }
}

function remove(file) {
  try {
    fs.rmSync(file, { force: true })
  } catch {
    // its folder is no folder
  }
}
