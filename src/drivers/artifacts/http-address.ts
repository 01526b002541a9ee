/**
 * Addresses as they may be sent and as they may be shown. Apart from the requests because every message about HTTP
 * needs the second form: origin and path, never the user-info or the query, where tokens and signatures live.
 */
import { DeployError } from '../../base/deploy-error.js'

export interface Address {
  /** Without user-info, which fetch refuses. */
  readonly url: URL
  /** The user-info as a header, when there was one. */
  readonly headers: { readonly [name: string]: string }
}

/** Parses an http(s) URL. Throws DeployError CONFIG_INVALID that does not repeat what may be a secret. */
export function parseAddress(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new DeployError(
      'CONFIG_INVALID',
      `${url === null ? 'an address' : showAddress(url)} is no http address`,
      {
        hint: 'Write a whole address that begins with https:// or http://.',
      },
    )
  }
  if (url.username === '' && url.password === '') return { url, headers: {} }
  const userInfo = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  return { url, headers: { authorization: `Basic ${Buffer.from(userInfo).toString('base64')}` } }
}

/** `https://example.com/a/b.tar.gz`: origin and path. */
export function showAddress(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}
