/** Types of packages.mjs. */
export function requirePrograms(
  packageOf: Readonly<Record<string, string>>,
): Promise<{ readonly address: string }>
