#!/usr/bin/env node
// Starts the bundle with V8's code cache, so that a run does not compile what an earlier run has compiled already.
// Built into dist/deployctl.cjs by scripts/bundle.mjs, which fills in the bundle's digest. The cache is only ever a
// shortcut: whatever is wrong with it, the bundle runs all the same.
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const { Script } = require('node:vm')
const { crc32 } = require('node:zlib')

const bundle = path.join(__dirname, 'main.cjs')
// The first word only: `plan` and `apply` compile different halves of the bundle.
const command = /^[a-z]{2,12}$/.test(process.argv[2] ?? '') ? process.argv[2] : 'start'
const name = `code-${'{{digest}}'}-${process.version}-${process.arch}-${command}.cache`

const source = fs.readFileSync(bundle, 'latin1') // the bundle is ASCII
const { cachedData, folder } = findCache()
const script = new Script(source, { filename: bundle, cachedData })
if (cachedData === undefined || script.cachedDataRejected) process.once('exit', keepCache)

// main.cjs is a function expression that takes what a module gets, and import() as seen from this file.
const main = { exports: {} }
script.runInThisContext()(main.exports, require, main, bundle, __dirname, (specifier) => import(specifier))

/** Beside the bundle; where that cannot be written, in the user's cache folder. */
function cacheFolders() {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME ? path.join(process.env.HOME, '.cache') : '')
  return [path.join(__dirname, '.cache'), ...(path.isAbsolute(home) ? [path.join(home, 'deployctl')] : [])]
}

/**
 * V8 runs whatever a cache says, and ends with a segmentation fault when a disk has bent it: so its last four bytes are
 * a checksum. A Node too old to have crc32 (before 20.15) goes without a cache.
 */
function findCache() {
  if (crc32 === undefined) return {}
  for (const folder of cacheFolders()) {
    try {
      const bytes = fs.readFileSync(path.join(folder, name))
      const cachedData = bytes.subarray(0, bytes.length - 4)
      return crc32(cachedData) === bytes.readUInt32LE(cachedData.length) ? { folder, cachedData } : { folder }
    } catch {
      // not there, too short, or not ours to read
    }
  }
  return {}
}

/** Written to a file of its own and renamed, so that nobody reads half of one. */
function keepCache(exitCode) {
  if (exitCode > 2 || crc32 === undefined) return // a run that broke off early compiled little
  const data = script.createCachedData()
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32LE(crc32(data))
  for (const place of folder === undefined ? cacheFolders() : [folder]) {
    const half = path.join(place, `${name}.${process.pid}`)
    try {
      fs.mkdirSync(place, { recursive: true, mode: 0o700 })
      fs.writeFileSync(half, Buffer.concat([data, checksum]), { mode: 0o600 })
      fs.renameSync(half, path.join(place, name))
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
