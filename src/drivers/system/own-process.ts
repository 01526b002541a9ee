/** What a process that is a program of its own inside deployctl does with itself: its number, its signals, its end. */

export function ownNumber(): number {
  return process.pid
}

/** A terminal that closes or a Ctrl-C meant for others does not concern it; TERM does. */
export function endOnTerm(act: () => void): void {
  process.on('SIGHUP', () => undefined)
  process.on('SIGINT', () => undefined)
  process.once('SIGTERM', act)
}

export function endProcess(): never {
  process.exit(0)
}
