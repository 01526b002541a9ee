/** From weights, which mean something only beside one another, to HAProxy's whole numbers from 0 to 256. Pure. */

const most = 256

/**
 * The smallest whole numbers whose parts of the whole are nearest to those asked for: 95 and 5 become 19 and 1, which
 * is exact, where scaling the largest to 256 would give 4.83 %. What is asked for at all never becomes 0.
 */
export function sharesOf(weights: readonly number[]): readonly number[] {
  const largest = Math.max(0, ...weights)
  if (largest === 0) return weights.map(() => 0)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let best: readonly number[] = []
  let bestError = Infinity
  for (let top = 1; top <= most; top++) {
    const shares = weights.map((weight) =>
      weight === 0 ? 0 : Math.max(1, Math.round((weight / largest) * top)),
    )
    const sum = shares.reduce((all, share) => all + share, 0)
    const error = Math.max(...shares.map((share, at) => Math.abs(share / sum - (weights[at] ?? 0) / total)))
    if (error < bestError - 1e-9) {
      best = shares
      bestError = error
    }
  }
  return best
}
