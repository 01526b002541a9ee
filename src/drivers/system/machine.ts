/** This machine and this person, as locks and records name them. */
import { hostname, userInfo } from 'node:os'
import type { Ports } from '../../model/ports.js'

export function thisMachine(): Ports['machine'] {
  return { hostName: hostname(), user: userName(), pid: process.pid }
}

export function thisProgram(): readonly string[] {
  return [process.execPath, ...process.argv.slice(1, 2)]
}

/** The person behind sudo rather than root; a user without a passwd entry (in containers) is known by number. */
function userName(): string {
  const named = [process.env['SUDO_USER'], process.env['USER']].find(
    (name) => name !== undefined && name !== '',
  )
  if (named !== undefined) return named
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** The user of this process by number: one without a passwd entry has nothing else. */
export function userId(): number {
  return process.getuid?.() ?? -1
}
