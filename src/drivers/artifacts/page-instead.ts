/** Whether what a server sends for a file is a web page. Apart from the download because it is a guess, with rules. */

/** By the first bytes, and by the type the server gives; never when the address itself names a page. */
export function looksLikePage(asked: Pick<URL, 'pathname'>, headers: Headers, first: Uint8Array): boolean {
  if (/\.x?html?$/i.test(asked.pathname)) return false
  const beginning = Buffer.from(first.subarray(0, 512)).toString('latin1').trimStart().toLowerCase()
  const isPage = /^(<!doctype html|<html)/.test(beginning)
  const saysSo = headers.get('content-type')?.toLowerCase().startsWith('text/html') === true
  return isPage || (saysSo && beginning.startsWith('<'))
}
