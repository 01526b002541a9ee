/**
 * The session program as another user: sudo starts it, on this machine or at the other end of a connection. A password
 * is the first line of its input, so it is in no argument and no variable, on neither side.
 */
import type { Become } from '../../model/become.js'
import { beginning, laterReader } from './session-program.js'

/** For a login shell; the name of a user is plain, as the schema has it. */
export function becomeBootstrap(become: Become): string {
  return `exec sudo ${options(become).join(' ').replace('-p ', "-p ''")} -u ${become.user} -- /bin/sh -c '${laterReader}'`
}

/** For this machine, which needs no connection. */
export function becomeHere(become: Become): readonly string[] {
  return ['sudo', ...options(become), '-u', become.user, '--', '/bin/sh', '-c', laterReader]
}

/** What is sent before the session program. */
export function preface(password: string | null): string {
  return password === null ? beginning : `${password}\n${beginning}`
}

function options({ password }: Become): readonly string[] {
  return password === null ? ['-n'] : ['-S', '-p', '']
}
