/** Durations as people write them in deploy.yaml: `500ms`, `30s`, `5m`, `2h`, `7d`, and combined: `1h30m`. */

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
type Unit = keyof typeof unitMs

export const durationPattern = '^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+)$'

/** Milliseconds of a written duration, or undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (!new RegExp(durationPattern).test(text)) return undefined
  let totalMs = 0
  for (const [, amount, unit] of text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * unitMs[unit as Unit] // the pattern admits these units only
  }
  return Math.round(totalMs)
}

/** Milliseconds of a duration that validation has already admitted. */
export function durationMs(text: string): number {
  const parsed = parseDuration(text)
  if (parsed === undefined) throw new RangeError(`"${text}" is not a duration such as 30s, 5m or 1h30m`)
  return parsed
}

/** The shortest honest form for people: `340ms`, `1.8s`, `2m 5s`, `3h 10m`, `4d 2h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  const pairs = [
    [86_400, 'd', 3600, 'h'],
    [3600, 'h', 60, 'm'],
    [60, 'm', 1, 's'],
  ] as const
  for (const [big, bigUnit, small, smallUnit] of pairs) {
    if (seconds < big) continue
    const rest = Math.floor((seconds % big) / small)
    return `${Math.floor(seconds / big)}${bigUnit}${rest === 0 ? '' : ` ${rest}${smallUnit}`}`
  }
  return `${seconds}s`
}
