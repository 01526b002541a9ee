/** A small file at the address beside an artifact's: a list of checksums, a signature. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Clock } from '../../../model/clock.js'
import { looksLikePage } from '../../artifacts/page-instead.js'
import { readBytes } from '../../artifacts/read-text.js'

const mostBytes = 2 ** 20

/** The address of the same folder with another last part; a query, which may be a login for one file, is left out. */
export function addressBeside(url: string, name: string): string {
  return new URL(name.split('/').map(encodeURIComponent).join('/'), url).href
}

/** Null when there is none, or a web page where it should be. */
export async function readCompanion(
  url: string,
  headers: { readonly [name: string]: string },
  clock: Clock,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  try {
    const limits = { maxBytes: mostBytes, missing: 'ARTIFACT_MISSING' } as const
    const answer = await readBytes({ url, headers, ...limits, clock, signal })
    if (answer.status !== 'fresh') return null
    return looksLikePage(new URL(url), answer.headers, answer.body) ? null : answer.body
  } catch (error) {
    if (error instanceof DeployError && error.code === 'ARTIFACT_MISSING') return null
    throw error
  }
}
