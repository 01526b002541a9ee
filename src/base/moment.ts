/** Points in time as text: `2026-03-01T12:00:00Z`, without the fractions that nobody reads. */
export function showMoment(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}

/** The same for a moment that was recorded as text. */
export function showRecorded(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z')
}
