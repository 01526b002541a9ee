/** Orders of text that are the same everywhere: by code point, and with numbers in it by value. */

/** `build-9` before `build-10`: digits by value, everything else by code point. */
export function compareNaturally(a: string, b: string): number {
  const [left, right] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []]
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [x, y] = [left[index] ?? '', right[index] ?? '']
    const order = /^\d/.test(x) && /^\d/.test(y) ? compareText(padded(x), padded(y)) : compareText(x, y)
    if (order !== 0) return order
  }
  return left.length - right.length || compareText(a, b)
}

/** Digits as text that sorts by value, however long the number is. */
function padded(digits: string): string {
  const significant = digits.replace(/^0+(?=\d)/, '')
  return `${String(significant.length).padStart(8, '0')}:${significant}`
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
