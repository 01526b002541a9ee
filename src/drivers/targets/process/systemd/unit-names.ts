/** What the units of one place are called: from the service, the path and the release alone, never from a counter. Pure. */
import { digestOf, shortDigest } from '../../../../base/hash.js'
import type { Listen } from '../holder/protocol.js'
import { addressText } from '../holder/worker-command.js'

export interface UnitNames {
  /** Every unit of the place begins with it, or with that of trials. */
  readonly base: string
  readonly trialBase: string
  /** What the machine starts by itself. */
  readonly target: string
  /** The template of a release's workers. */
  readonly template: (name: string) => string
  readonly workers: (name: string, count: number) => readonly string[]
  readonly trialTemplate: (name: string) => string
  readonly trialWorker: (name: string) => string
  readonly socket: (listen: Listen) => string
  readonly trialSocket: (listen: Listen) => string
}

export function unitNames(service: string, root: string): UnitNames {
  const place = `${fileName(service)}-${shortDigest(digestOf(root))}`
  const base = `deployctl-${place}`
  const trialBase = `deployctl-trial-${place}`
  const worker = (template: string, number: number): string => template.replace('@.', `@${number}.`)
  const template = (name: string): string => `${base}-${fileName(name)}@.service`
  const trialTemplate = (name: string): string => `${trialBase}-${fileName(name)}@.service`
  return {
    base,
    trialBase,
    target: `${base}.target`,
    template,
    workers: (name, count) => Array.from({ length: count }, (_, at) => worker(template(name), at + 1)),
    trialTemplate,
    trialWorker: (name) => worker(trialTemplate(name), 1),
    socket: (listen) => `${base}-${descriptorName(listen)}.socket`,
    trialSocket: (listen) => `${trialBase}-${descriptorName(listen)}.socket`,
  }
}

/** The name by which a program's start knows which of its descriptors is which. */
export function descriptorName(listen: Listen): string {
  return shortDigest(digestOf(addressText(listen)))
}

/** What keeps a socket's traffic from starting anything: a service that is nothing, of the same name. */
export function stillOf(socket: string): string {
  return socket.replace(/\.socket$/, '.service')
}

/** The digits at the end of a release's name tell apart what this makes equal. */
function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]/g, '_')
}
