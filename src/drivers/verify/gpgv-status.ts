/**
 * What gpgv reports of signatures on its status channel, reduced to one verdict. Pure. (The exit code is of no use: it
 * is the same for a signature by an unknown key beside a good one, and for a wrong one.)
 */

export type GpgvVerdict =
  | { readonly kind: 'good' }
  /** The content is another. */
  | { readonly kind: 'bad'; readonly key: string }
  | { readonly kind: 'revokedKey' | 'expiredKey' | 'expiredSignature' | 'weakHash'; readonly key: string }
  /** By keys that are not in the keyring. */
  | { readonly kind: 'unknownKey'; readonly key: string }
  | { readonly kind: 'none' }

/** Hash algorithms (RFC 4880, 9.4) that a forger can make collide: MD5, SHA-1, RIPEMD-160. */
const weakHashes = new Set(['1', '2', '3'])

/** Of several signatures one that is good is enough, unless another is bad. */
export function readGpgvStatus(output: string): GpgvVerdict {
  const statuses = output
    .split('\n')
    .filter((line) => line.startsWith('[GNUPG:] '))
    .map((line) => line.slice('[GNUPG:] '.length).split(' '))
  const keyOf = (word: string): string | undefined => statuses.find(([name]) => name === word)?.[1]
  const bad = keyOf('BADSIG')
  if (bad !== undefined) return { kind: 'bad', key: bad }
  const good = signaturesIn(statuses)
  if (good.some((signature) => signature.good && signature.strong)) return { kind: 'good' }
  for (const [word, kind] of troubles) {
    const key = keyOf(word)
    if (key !== undefined) return { kind, key }
  }
  const weak = good.find((signature) => signature.good)
  if (weak !== undefined) return { kind: 'weakHash', key: weak.key }
  const unknown = keyOf('NO_PUBKEY') ?? keyOf('ERRSIG')
  return unknown === undefined ? { kind: 'none' } : { kind: 'unknownKey', key: unknown }
}

const troubles = [
  ['REVKEYSIG', 'revokedKey'],
  ['EXPKEYSIG', 'expiredKey'],
  ['EXPSIG', 'expiredSignature'],
] as const

interface SeenSignature {
  readonly key: string
  readonly good: boolean
  readonly strong: boolean
}

/** GOODSIG says that a signature is right now; VALIDSIG, which follows it, says how it was made. */
function signaturesIn(statuses: readonly (readonly string[])[]): readonly SeenSignature[] {
  const seen: SeenSignature[] = []
  for (const [name = '', ...words] of statuses) {
    if (name === 'NEWSIG') seen.push({ key: '', good: false, strong: false })
    const last = seen.pop()
    if (last === undefined) continue
    if (name === 'GOODSIG') seen.push({ ...last, key: words[0] ?? '', good: true })
    else if (name === 'VALIDSIG') seen.push({ ...last, strong: !weakHashes.has(words[7] ?? '1') })
    else seen.push(last)
  }
  return seen
}
