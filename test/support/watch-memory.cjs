// Loaded before the built CLI with NODE_OPTIONS="--expose-gc --require": on USR2 it collects garbage and writes to the file
// MEMORY_FILE what is left, as JSON: bytes of the heap, open files, and what keeps the loop alive. The program knows nothing.
'use strict'
const fs = require('node:fs')

process.on('SIGUSR2', async () => {
  const cpuBeforeMs = cpuMs() // the collections are not the program's
  // what a collection frees may let go of more in the next one
  for (let pass = 0; pass < 4; pass++) {
    globalThis.gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  const handles = process.getActiveResourcesInfo().length
  const files = fs.existsSync('/proc/self/fd') ? fs.readdirSync('/proc/self/fd').length : 0
  const seen = { heapUsed, external, handles, files, cpuBeforeMs, cpuAfterMs: cpuMs() }
  fs.writeFileSync(`${process.env.MEMORY_FILE}.new`, JSON.stringify(seen))
  fs.renameSync(`${process.env.MEMORY_FILE}.new`, process.env.MEMORY_FILE)
})

function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
