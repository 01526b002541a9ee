/** Reading JSON that somebody else wrote: what is not of the shape hoped for is null. */
export type Fields = Readonly<Record<string, unknown>>

export function recordIn(value: unknown): Fields | null {
  // any object may be read by name when its values are unknown
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null
}

export function textIn(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
