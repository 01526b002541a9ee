/**
 * A host as it is written, in deploy.yaml or in an inventory: `user@host:port`, or a map for what does not fit into
 * that. Its own file because both are read by it. Pure.
 */
import type { HostSpec } from './host-spec.js'

export type WrittenHost =
  | string
  | {
      readonly name?: string
      readonly address: string
      readonly user?: string
      readonly port?: number
      readonly labels?: { readonly [label: string]: string | number | boolean }
      readonly variables?: { readonly [name: string]: string | number | boolean }
    }

/** `deploy@10.0.0.5:2222`, `web1`, `[2001:db8::1]:22`. No address begins with a dash: ssh would take it for an option. */
export const hostPattern =
  '^(?:[A-Za-z0-9_][A-Za-z0-9_.+-]*@)?(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?\\])(?::[1-9][0-9]{0,4})?$'

/** What `address` may be by itself. */
export const addressPattern = '^[A-Za-z0-9_][A-Za-z0-9_.-]*$|^[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?$'

export function hostOf(written: WrittenHost): HostSpec {
  if (typeof written === 'string') return fromText(written)
  const { address, user = null, port = null } = written
  return {
    name: written.name ?? nameOf(address, port),
    address,
    user,
    port,
    labels: asTexts(written.labels ?? {}),
    variables: asTexts(written.variables ?? {}),
  }
}

function fromText(text: string): HostSpec {
  const parts = /^(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:]+))(?::([0-9]+))?$/.exec(text)
  const [, user, bracketed, bare = text, digits] = parts ?? []
  const address = bracketed ?? bare
  const port = digits === undefined ? null : Number(digits)
  return { name: nameOf(address, port), address, user: user ?? null, port, labels: {}, variables: {} }
}

/** As it is called where it has no name of its own: several may share an address, behind different ports. */
function nameOf(address: string, port: number | null): string {
  if (port === null) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function asTexts(map: { readonly [key: string]: string | number | boolean }): {
  readonly [key: string]: string
} {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]))
}
