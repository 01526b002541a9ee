/** Times as people say them: `just now`, `5 min ago`, `2 h ago`, `3 d ago`, and the date when it is long ago. */
const steps = [
  [60_000, 3_600_000, 'min'],
  [3_600_000, 86_400_000, 'h'],
  [86_400_000, 60 * 86_400_000, 'd'],
] as const

export function ago(iso: string | null, now: Date): string {
  if (iso === null) return '–'
  const elapsedMs = now.getTime() - Date.parse(iso)
  if (Number.isNaN(elapsedMs)) return iso
  if (elapsedMs < 60_000) return 'just now' // a little in the future, too: clocks differ
  const step = steps.find(([, end]) => elapsedMs < end)
  return step === undefined ? iso.slice(0, 10) : `${Math.floor(elapsedMs / step[0])} ${step[2]} ago`
}
