/**
 * Where to ask for a tarball: its address in the package document, or its place in the registry we were configured with.
 *
 * A proxy or mirror often passes package documents on unchanged, with addresses that lead past it to a host which may
 * not be reachable from here. npm then asks its own registry for the same path, and so do we.
 */

/** In the order to be tried; the next one only when a server says that it does not have the file. */
export function tarballAddresses(written: string, packageName: string, registry: string): readonly string[] {
  const url = new URL(written)
  const base = new URL(registry)
  if (url.origin === base.origin) return [url.href]
  const path = url.pathname.replace(/%40/g, '@').replace(/%2f/gi, '/')
  const place = path.indexOf(`/${packageName}/-/`)
  if (place === -1) return [url.href]
  const own = new URL(`.${path.slice(place)}`, base)
  return [own.href, url.href]
}
