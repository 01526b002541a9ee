// Loaded before the built CLI with NODE_OPTIONS=--require: from the n-th moment on that takes room below FULL_UNDER, the
// disk is full; for that one moment (FULL_FOR=once) or for good (FULL_FOR=good). Production code knows nothing of this.
// With FULL_AT=0 it only counts: the number of moments goes to the file FULL_COUNT.
'use strict'
const fs = require('node:fs')
const promises = require('node:fs/promises')

const { FULL_UNDER, FULL_FOR, FULL_COUNT } = process.env
const fullAt = Number(process.env.FULL_AT)
let moments = 0

function takeRoom(path) {
  if (!String(path).startsWith(FULL_UNDER)) return
  moments += 1
  if (fullAt === 0 || moments < fullAt || (FULL_FOR === 'once' && moments > fullAt)) return
  throw Object.assign(new Error(`ENOSPC: no space left on device, write '${path}'`), {
    code: 'ENOSPC',
    errno: -28,
    syscall: 'write',
    path: String(path),
  })
}

for (const [name, pathIndex] of Object.entries({
  mkdir: 0,
  symlink: 1,
  writeFile: 0,
  copyFile: 1,
  link: 1,
  cp: 1,
})) {
  const real = promises[name]
  promises[name] = async function (...parameters) {
    takeRoom(parameters[pathIndex])
    return real.apply(this, parameters)
  }
}

const open = promises.open
promises.open = async function (path, flags, ...rest) {
  const makes = typeof flags === 'number' ? (flags & fs.constants.O_CREAT) !== 0 : /[wa]/.test(flags ?? 'r')
  if (makes) takeRoom(path)
  const handle = await open.call(this, path, flags, ...rest)
  for (const name of ['write', 'writev', 'writeFile', 'sync', 'datasync']) {
    const real = handle[name].bind(handle)
    handle[name] = async (...parameters) => {
      takeRoom(path)
      return real(...parameters)
    }
  }
  return handle
}

if (fullAt === 0) process.on('exit', () => fs.writeFileSync(FULL_COUNT, String(moments)))
