/** Proof by a list of checksums beside the release. Whether that list can be trusted is another proof: its signature. */
import { readChecksumLine, linesFor, type ChecksumLine } from '../artifacts/checksum-lines.js'
import { corrupt, unproven, type Subject, type Verdict } from './subject.js'

const trusted = ['sha256', 'sha512'] as const
type Trusted = (typeof trusted)[number]

export async function proveByChecksums(subject: Subject, list: string, text: string): Promise<Verdict> {
  const lines = linesFor(text, subject.name)
  if (lines.length === 0) return notListed(subject, list, text)
  const strong = trusted.flatMap((algorithm) => {
    const hex = new Set(lines.filter((line) => line.algorithm === algorithm).map((line) => line.hex))
    if (hex.size > 1) throw contradiction(subject, list, algorithm)
    return [...hex].map((digits) => ({ algorithm, digits }))
  })
  if (strong.length === 0) return onlyWeak(subject, list, lines)
  for (const { algorithm, digits } of strong) {
    const digest = await subject.digest(algorithm)
    if (digest !== `${algorithm}:${digits}`) {
      throw corrupt(subject.shown, `${list} has another ${algorithm} for it`, [
        `expected ${algorithm}:${digits}`,
        `got      ${digest}`,
      ])
    }
  }
  return null
}

function notListed(subject: Subject, list: string, text: string): Verdict {
  const names = text.split('\n').flatMap((line) => readChecksumLine(line)?.file ?? [])
  if (names.length === 0) {
    return {
      missing: `${list} has no line that sha256sum or shasum --tag would write`,
      hint: 'Check the name under verify.checksums, and what was published there.',
      details: [`it begins: ${text.slice(0, 120).trim() || 'nothing'}`],
    }
  }
  const version = names.some((name) => name.includes(subject.version))
    ? ''
    : ' It may be that of another version.'
  return {
    missing: `${list} has no line for ${subject.name}`,
    hint: `Look at what the publisher put into it.${version}`,
    details: [
      `it lists: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`,
    ],
  }
}

function onlyWeak(subject: Subject, list: string, lines: readonly ChecksumLine[]): Verdict {
  const algorithms = [...new Set(lines.map(({ algorithm }) => algorithm))].join(' and ')
  return {
    missing: `${list} has only ${algorithms} for ${subject.name}, and sha256 or sha512 are asked for`,
    hint: 'Files can be made to have a given md5 or sha1. Have the publisher list sha256 as well.',
  }
}

function contradiction(subject: Subject, list: string, algorithm: Trusted): Error {
  return unproven(subject.shown, `${list} has two different ${algorithm} for it`, {
    hint: 'Somebody has added a line to it. Ask its publisher which one is right.',
  })
}
