/** Doing something on a host as another user, by sudo: in deploy.yaml the same wherever it may be said. */
import type { JsonSchema } from './schema.js'

export interface Become {
  readonly user: string
  /** What sudo asks for, usually a reference to a secret; null where it asks for nothing. */
  readonly password: string | null
}

/** As deploy.yaml has it: a name, or a name and a password. */
export type WrittenBecome = string | { readonly user?: string; readonly password?: string }

const defaultUser = 'root'

export function becomeOf(written: WrittenBecome | undefined): Become | null {
  if (written === undefined) return null
  if (typeof written === 'string') return { user: written, password: null }
  return { user: written.user ?? defaultUser, password: written.password ?? null }
}

const user = {
  type: 'string',
  pattern: '^[A-Za-z_][A-Za-z0-9_.-]*$',
  examples: ['root', 'www-data'],
} as const

export const becomeSchema: JsonSchema = {
  description:
    'Do it as another user, by sudo: a name, or a name and the password that sudo asks for. The other user runs /bin/sh.',
  examples: ['root', { user: 'www-data', password: '${secret.SUDO_PASSWORD}' }],
  oneOf: [
    { ...user, description: 'Whom to become, without a password.' },
    {
      type: 'object',
      required: ['password'],
      additionalProperties: false,
      properties: {
        user: { ...user, default: defaultUser, description: 'Whom to become.' },
        password: {
          type: 'string',
          minLength: 1,
          'x-secret': true,
          description:
            'What sudo asks for; usually a secret. It reaches sudo by its input, never as an argument.',
          examples: ['${secret.SUDO_PASSWORD}'],
        },
      },
    },
  ],
}
