/** Why sudo did not let a session begin as another user, in words a person can act on. */
import type { ErrorCode } from '../../base/deploy-error.js'

export interface Meaning {
  readonly pattern: RegExp
  readonly code: ErrorCode
  readonly because: string
  readonly hint: string
  /** It may well go better in a moment: the other end took too many connections at once. */
  readonly passes?: true
}

export const sudoMeanings: readonly Meaning[] = [
  {
    pattern: /sudo: (unknown user|unable to initialize|no passwd)/i,
    code: 'HOST_UNFIT',
    because: 'there is no such user to become',
    hint: 'Correct "become" in deploy.yaml, or make the user.',
  },
  {
    pattern: /sudo: \d+ incorrect password attempt|sudo: no password was provided|Sorry, try again/i,
    code: 'HOST_DENIED',
    because: 'sudo does not take the password',
    hint: 'Look at the secret that become: { password: … } names.',
  },
  {
    pattern: /is not in the sudoers file|is not allowed to (execute|run)|may not run sudo/i,
    code: 'HOST_DENIED',
    because: 'this user may not become the other one by sudo',
    hint: 'Allow it with visudo: USER ALL=(TARGET) NOPASSWD: /bin/sh. Or leave "become" out.',
  },
  {
    pattern: /sudo: a (password|terminal) is required|you must have a tty/i,
    code: 'HOST_DENIED',
    because: 'sudo wants a password and has been given none',
    hint: 'Give it one, become: { user: root, password: "${secret.SUDO_PASSWORD}" }, or allow /bin/sh without one (NOPASSWD).',
  },
  {
    pattern: /sudo: (command )?not found|(unknown command|command not found).*sudo|exec: sudo/i,
    code: 'HOST_UNFIT',
    because: 'it has no sudo',
    hint: 'Install sudo there, or connect as the user who may do it and leave "become" out.',
  },
]
