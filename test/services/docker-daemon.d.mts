/** Types of docker-daemon.mjs, for tests and benches in TypeScript. */
export interface Daemon {
  /** The path of its Unix socket. */
  readonly socket: string
  /** With `{ tls: true }`: `tcp://127.0.0.1:PORT`, and the folder of ca.pem, cert.pem and key.pem. */
  readonly tls: { readonly host: string; readonly certificates: string } | undefined
  restart(options?: { readonly signal?: NodeJS.Signals }): Promise<void>
  halt(options?: { readonly signal?: NodeJS.Signals }): Promise<void>
  resume(): Promise<void>
  stop(): Promise<void>
}
export function startDaemon(folder: string, options?: { readonly tls?: boolean }): Promise<Daemon>
/** Rejects unless an engine answers; resolves with the version of its API. */
export function ping(socketPath: string): Promise<string>
