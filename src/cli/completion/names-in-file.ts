/**
 * The names of services or environments in deploy.yaml, by looking at lines: cheap enough to ask at every press of Tab,
 * and good enough for a suggestion. Whoever writes them in another style gets no suggestions, and no error either.
 */
export type NameKind = 'services' | 'environments'

export function namesInFile(text: string, kind: NameKind): readonly string[] {
  const lines = text.split(/\r?\n/)
  const start = lines.findIndex((line) => new RegExp(`^${kind}:\\s*(#.*)?$`).test(line))
  if (start < 0) return []
  const names: string[] = []
  let indent: number | null = null
  for (const line of lines.slice(start + 1)) {
    if (/^\s*(#.*)?$/.test(line)) continue
    const match = /^( +)(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_.-]+))\s*:/.exec(line)
    if (/^\S/.test(line)) break
    indent ??= /^ */.exec(line)?.[0].length ?? 0
    if (match?.[1]?.length === indent) names.push(match[2] ?? match[3] ?? match[4] ?? '')
  }
  return names
}
