/** From where something is asked, where the service runs on another machine: a word that several checks share. */

const places = ['host', 'controller'] as const

export type At = (typeof places)[number]

export function atSchema(description: string) {
  return { enum: [...places], default: 'host', description, examples: ['controller'] }
}
