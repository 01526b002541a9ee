// A port on loopback for a program that takes no port 0. It lies below the range from which the kernel gives ports to
// whoever asks for any (32768 and up on Linux), so that between our look and the program's start no connection and no
// listener of this machine gets it by chance; and no port is given out twice in a run.
import { createServer } from 'node:net'

const [lowest, highest] = [15_000, 30_000]
const given = new Set()

export async function freePort() {
  for (let tries = 0; tries < 200; tries++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`no port is free between ${lowest} and ${highest}`)
}

function isFree(port) {
  return new Promise((answer) => {
    const probe = createServer().once('error', () => answer(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => answer(true)))
  })
}
