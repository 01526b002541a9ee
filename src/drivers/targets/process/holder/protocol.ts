/**
 * What a target of processes and the holder of its sockets say to each other: one line of JSON each way. Every ask may be
 * repeated. The holder outlives many versions of deployctl, so what is here only ever grows.
 */
export const protocolVersion = 1

export type Listen =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string; readonly mode: number }

/** What can change without a new generation. */
export interface Settings {
  readonly stopSignal: string
  /** From that signal to the kill. */
  readonly stopTimeoutMs: number
  /** How long a new generation must be up beside the old one before that is asked to end. */
  readonly settleMs: number
  /** More ends than this within the time: it is given up. */
  readonly restarts: { readonly limit: number; readonly withinMs: number }
  readonly log: { readonly maxBytes: number; readonly keep: number }
}

/** Everything a generation of one instance is made of. It holds the values of secrets, and is kept in memory only. */
export interface Recipe {
  readonly name: string
  readonly command: readonly string[]
  /** Absolute, as all paths here. */
  readonly directory: string
  readonly env: { readonly [name: string]: string }
  readonly umask: string | null
  /** Arguments for prlimit. */
  readonly limits: readonly string[]
  /** Arguments for setpriv. */
  readonly identity: readonly string[]
  readonly workers: number
  readonly listen: readonly Listen[]
  readonly logFile: string
  readonly settings: Settings
}

export type Ask =
  | { readonly ask: 'status' }
  /** Run it with sockets of its own, where nobody but checks finds it. */
  | { readonly ask: 'try'; readonly recipe: Recipe }
  /** It gets the real sockets, and who had them until now is asked to end. */
  | { readonly ask: 'serve'; readonly recipe: Recipe }
  /** Nobody serves; the sockets stay open. */
  | { readonly ask: 'rest' }
  /** Answered when nothing runs of it any more. */
  | { readonly ask: 'stop'; readonly name: string }
  /** Close the sockets and end, unless something runs. */
  | { readonly ask: 'quit' }

export type Role = 'trial' | 'coming' | 'serving' | 'leaving'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface GenerationStatus {
  readonly name: string
  readonly role: Role
  readonly workers: readonly { readonly pid: number; readonly startedAt: string }[]
  readonly restarts: number
  /** How it came to an end, in a sentence: a trial of which one process has, or one that is given up. */
  readonly ended: string | null
  /** The first TCP socket, as it is reached from this machine. */
  readonly address: Address | null
  /** The same for a Unix socket. */
  readonly socket: string | null
}

/** `name` was given up, and `by`, which served before it, serves again. */
export interface StandIn {
  readonly name: string
  readonly by: string
  readonly reason: string
}

export interface HolderStatus {
  readonly protocol: number
  readonly pid: number
  readonly startedAt: string
  readonly generations: readonly GenerationStatus[]
  readonly standIn: StandIn | null
}

export type Reply =
  | { readonly ok: true; readonly status: HolderStatus }
  | { readonly ok: false; readonly message: string; readonly hint?: string }
