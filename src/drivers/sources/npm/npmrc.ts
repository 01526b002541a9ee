/**
 * Reading `.npmrc`: the little of the ini format that registries, scopes and tokens need, as npm reads it.
 *
 * Its own file because it is a format, pure and testable, and npm's rules for quotes, comments and `${NAME}` are its own.
 */

export type Variables = { readonly [name: string]: string | undefined }

/** Keys and values, later lines over earlier ones; sections and lists (`key[] = …`) are not ours and are left out. */
export function parseNpmrc(text: string, env: Variables): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^\s;#[=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line)
    if (match?.[1] === undefined || match[1].endsWith('[]')) continue
    values.set(expanded(unquoted(match[1]), env), expanded(unquoted(match[2] ?? ''), env))
  }
  return values
}

/** `"a b"` and `'a b'` without their quotes; without quotes, `;` and `#` begin a comment unless escaped. */
function unquoted(text: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(text)
  if (quoted !== null) return quoted[2] ?? ''
  return text
    .replace(/(?<!\\)[;#].*$/, '')
    .replace(/\\([;#])/g, '$1')
    .trim()
}

/** `${NAME}` is replaced when the variable is set and left as it is when not; `${NAME?}` becomes empty then. */
function expanded(text: string, env: Variables): string {
  return text.replace(/(?<!\\)\$\{([^${}?]+)(\?)?\}/g, (written: string, name: string, optional?: string) => {
    return env[name] ?? (optional === undefined ? written : '')
  })
}
