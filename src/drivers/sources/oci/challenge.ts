/** What a registry asks for in `WWW-Authenticate`. Pure; a registry may offer several ways, and Bearer is the better one. */

export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'bearer'
      /** Where tokens are given out. */
      readonly realm: string
      readonly service: string | null
      readonly scope: string | null
    }

/** Null when nothing that is asked for is known. */
export function readChallenge(header: string): Challenge | null {
  const written = /(?:^|[\s,])bearer\s+(.*)$/i.exec(header)?.[1] ?? ''
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, plain] of written.matchAll(/([A-Za-z_]+)=(?:"([^"]*)"|([^\s,"]+))/g)) {
    const key = name.toLowerCase()
    // what comes a second time belongs to another scheme
    if (!parameters.has(key)) parameters.set(key, quoted ?? plain ?? '')
  }
  const realm = parameters.get('realm')
  if (realm !== undefined) {
    const [service = null, scope = null] = [parameters.get('service'), parameters.get('scope')]
    return { scheme: 'bearer', realm, service, scope }
  }
  return /(^|[\s,])basic([\s,]|$)/i.test(header) ? { scheme: 'basic' } : null
}
