/** Sizes and percentages as people write them in deploy.yaml: `512MiB`, `1.5GB`, `100B`; `25%`. */

const unitBytes = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const
type Unit = keyof typeof unitBytes

export const sizePattern = '^[0-9]+(\\.[0-9]+)?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$'
export const percentagePattern = '^(100|[0-9]{1,2})(\\.[0-9]+)?%$'

/** Bytes of a written size, or undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const match = new RegExp(sizePattern).test(text) ? /^([0-9.]+)([A-Za-z]+)$/.exec(text) : null
  if (match === null) return undefined
  return Math.round(Number(match[1]) * unitBytes[match[2] as Unit]) // the pattern admits these units only
}

/** Bytes of a size that validation has already admitted. */
export function sizeBytes(text: string): number {
  const parsed = parseSize(text)
  if (parsed === undefined) throw new RangeError(`"${text}" is not a size such as 512MiB or 1.5GB`)
  return parsed
}

/** 0–1 of a written percentage, or undefined when it is none. */
export function parsePercentage(text: string): number | undefined {
  return new RegExp(percentagePattern).test(text) ? Number(text.slice(0, -1)) / 100 : undefined
}

/** `0 B`, `812 B`, `2.1 MB`, `84 MB`: decimal units, as disks and downloads are sold. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const
  let value = bytes
  let index = 0
  while (value >= 999.5 && index < units.length - 1) {
    value /= 1000
    index++
  }
  const digits = index > 0 && value < 9.95 ? 1 : 0
  return `${value.toFixed(digits)} ${units[index] ?? 'B'}`
}
