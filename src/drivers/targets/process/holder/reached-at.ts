/** Where what listens there is reached from this machine. Pure. */
import type { GenerationStatus, Listen } from './protocol.js'

export function reachedAt(listen: readonly Listen[]): Pick<GenerationStatus, 'address' | 'socket'> {
  const tcp = listen.find((one) => one.kind === 'tcp')
  const unix = listen.find((one) => one.kind === 'unix')
  return {
    address: tcp === undefined ? null : { host: loopbackOf(tcp.host), port: tcp.port },
    socket: unix?.path ?? null,
  }
}

function loopbackOf(host: string): string {
  const everywhere: { readonly [host: string]: string } = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  return everywhere[host] ?? host
}
