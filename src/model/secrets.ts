/** Secrets stay references (`${secret.X}`) in every document; their values exist only in memory. */
export interface Secrets {
  /** The text with every `${secret.X}` replaced. Throws DeployError SECRET_MISSING, which names X and where it was looked for. */
  reveal(text: string, signal?: AbortSignal): Promise<string>
  /** The text with every value revealed so far replaced by `***`, in any encoding we produce (plain, JSON, URL, base64). */
  mask(text: string): string
  /** The same for every string in plain data. */
  maskAll<T>(data: T): T
}

/** The same names with every value revealed: headers and environment variables, just before they are used. */
export async function revealAll(
  secrets: Secrets,
  values: { readonly [name: string]: string },
  signal?: AbortSignal,
): Promise<{ readonly [name: string]: string }> {
  const revealed = Object.entries(values).map(
    async ([name, value]) => [name, await secrets.reveal(value, signal)] as const,
  )
  return Object.fromEntries(await Promise.all(revealed))
}

/** The names of the secrets a text refers to. `$${secret.X}` is no reference: it stands for the literal text `${secret.X}`. */
export function secretNames(text: string): readonly string[] {
  return [...text.matchAll(/(?<!\$)\$\{secret\.([A-Za-z_][A-Za-z0-9_-]*)\}/g)].map((match) => match[1] ?? '')
}
