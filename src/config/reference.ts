/** The grammar of `${kind.name}` in values: taking a text apart, and keeping literal text from being read as one. */

export interface Reference {
  /** As written: `${env.PORT:-8080}`. */
  readonly text: string
  /** `var`, `env` … or an empty text when it is not of the form `${kind.name}`. */
  readonly kind: string
  readonly name: string
  /** What `:-` gives for a variable of the process, or of a host, that is not set. */
  readonly fallback: string | null
}
/** Literal text, or a reference. */
export type Piece = string | Reference

const opening = /\$\$\{|\$\{[^}]*\}?/g
const word = '[A-Za-z_][A-Za-z0-9_-]*'
/** Only what a host has lies two deep: `${host.variables.X}`. */
const reference = new RegExp(
  `^\\$\\{([a-z]+)\\.(${word}|(?<=\\{host\\.)${word}\\.[A-Za-z_][A-Za-z0-9_.-]*)(?::-([^}]*))?\\}$`,
)

/** The pieces of a text, in order; `$${` is the literal text `${`. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const match of text.matchAll(opening)) {
    if (match.index > end) pieces.push(text.slice(end, match.index))
    pieces.push(match[0] === '$${' ? '${' : referenceOf(match[0]))
    end = match.index + match[0].length
  }
  if (end < text.length) pieces.push(text.slice(end))
  return pieces
}

function referenceOf(text: string): Reference {
  const [, kind = '', name = '', fallback] = reference.exec(text) ?? []
  return { text, kind, name, fallback: fallback ?? null }
}

/** Kinds of references that are replaced after deploy.yaml was loaded. */
export interface Live {
  readonly release: boolean
  readonly service: boolean
  readonly secret: boolean
  readonly host: boolean
}

const lookalike =
  /\$\{(release\.version|service\.name|secret\.[A-Za-z_][A-Za-z0-9_-]*|(?:number:|secret:)?host\.[^}]*)\}/g

/** Literal text in a document where some kinds are still live: what looks like one of them gets an extra `$`. */
export function keepLiteral(text: string, live: Live): string {
  if (!text.includes('${')) return text
  return text.replace(lookalike, (match: string, inner: string) => {
    const kind = inner.slice(inner.lastIndexOf(':', inner.indexOf('.')) + 1, inner.indexOf('.')) as keyof Live // the pattern admits these kinds only
    return live[kind] ? `$${match}` : match
  })
}
