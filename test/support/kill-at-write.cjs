// Loaded before the built CLI with NODE_OPTIONS=--require: kills the process at the n-th moment of writing its journal.
// Each append has three: before the write, after half of it (a torn line), and after it is on disk. Production code
// knows nothing of this. With KILL_AT=0 it only counts: the number of moments goes to the file KILL_COUNT.
'use strict'
const fs = require('node:fs')
const promises = require('node:fs/promises')

const killAt = Number(process.env.KILL_AT)
let moments = 0

function moment() {
  moments += 1
  if (moments === killAt) process.kill(process.pid, 'SIGKILL')
}

const open = promises.open
promises.open = async function (path, ...rest) {
  const handle = await open.call(this, path, ...rest)
  if (/[\\/]journals[\\/].*\.jsonl$/.test(String(path))) watch(handle)
  return handle
}

function watch(handle) {
  const write = handle.write.bind(handle)
  const datasync = handle.datasync.bind(handle)
  handle.write = async (bytes, offset = 0, ...rest) => {
    moment()
    if (moments + 1 === killAt) fs.writeSync(handle.fd, bytes, offset, Math.ceil((bytes.length - offset) / 2))
    moment()
    return write(bytes, offset, ...rest)
  }
  handle.datasync = async () => {
    await datasync()
    moment()
  }
}

if (killAt === 0) process.on('exit', () => fs.writeFileSync(process.env.KILL_COUNT, String(moments)))
