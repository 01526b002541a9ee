/** "At least this much": a size or a percentage, for the checks that measure room. */
import { DeployError } from '../../base/deploy-error.js'
import { formatSize, parsePercentage, parseSize, percentagePattern, sizePattern } from '../../base/size.js'
import type { ProbeAnswer } from '../../model/health-check.js'
import { healthy, unhealthy } from './answer.js'

export const thresholdPattern = `${sizePattern}|${percentagePattern}`

export interface Threshold {
  /** Judges `available` of `total` bytes; `where` begins the sentence: `/srv has`. */
  judge(where: string, available: number, total: number): ProbeAnswer
}

export function thresholdOf(option: string, text: string): Threshold {
  const wantedBytes = parseSize(text)
  const wantedShare = parsePercentage(text)
  if (wantedBytes === undefined && wantedShare === undefined) {
    throw new DeployError('CONFIG_INVALID', `"${text}" for ${option} is neither a size nor a percentage.`, {
      hint: 'Write it like 2GiB or 10%.',
    })
  }
  return {
    judge(where, available, total) {
      const least = wantedBytes ?? (wantedShare ?? 0) * total
      // Rounded down, so that a share just under the wanted one is not shown as if it were enough.
      const share = total > 0 ? ` (${(Math.floor((available / total) * 1000) / 10).toString()}%)` : ''
      const seen = `${where} ${formatSize(available)} of ${formatSize(total)}${share} free`
      return available >= least ? healthy(seen) : unhealthy(`${seen}; at least ${text} is wanted`)
    },
  }
}
