/**
 * What GitHub says of releases, reduced to what a deployment needs. Pure; whatever does not have the expected shape is
 * refused or left out rather than trusted: between GitHub and us there are enterprise servers, mirrors and proxies.
 */
import { DeployError } from '../../../base/deploy-error.js'

export interface GitHubRelease {
  readonly id: number
  readonly tag: string
  readonly prerelease: boolean
  readonly publishedAt: string | null
  readonly assets: readonly GitHubAsset[]
}

export interface GitHubAsset {
  /** A file that is uploaded again under the same name gets another one. */
  readonly id: number
  readonly name: string
  readonly size: number
  /** False while it is being uploaded, and for an upload that was given up. */
  readonly uploaded: boolean
  /** `sha256:…`; null for what was uploaded before GitHub made digests (June 2025), and on older servers. */
  readonly digest: string | null
  readonly updatedAt: string | null
}

/** A page of the list of releases, without drafts. `where` names the server. */
export function readReleases(answer: unknown, where: string): readonly GitHubRelease[] {
  if (!Array.isArray(answer)) throw garbage(answer, where)
  return answer.flatMap((item: unknown) => {
    if (asRecord(item)?.['draft'] === true) return []
    return [readRelease(item, where)]
  })
}

export function readRelease(answer: unknown, where: string): GitHubRelease {
  const fields = asRecord(answer)
  const { id, tag_name: tag, assets } = fields ?? {}
  if (typeof id !== 'number' || typeof tag !== 'string' || !Array.isArray(assets))
    throw garbage(answer, where)
  return {
    id,
    tag,
    prerelease: fields?.['prerelease'] === true,
    publishedAt: asDate(fields?.['published_at']) ?? asDate(fields?.['created_at']),
    assets: assets.flatMap((asset: unknown) => readAsset(asset) ?? []),
  }
}

function readAsset(answer: unknown): GitHubAsset | null {
  const { id, name, size, state, digest, updated_at: updatedAt } = asRecord(answer) ?? {}
  if (typeof id !== 'number' || typeof name !== 'string' || typeof size !== 'number') return null
  return {
    id,
    name,
    size,
    uploaded: state === undefined || state === 'uploaded',
    digest: asDigest(digest),
    updatedAt: asDate(updatedAt),
  }
}

function asDigest(value: unknown): string | null {
  const known = typeof value === 'string' && /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/i.test(value)
  return known ? value.toLowerCase() : null
}

function asDate(value: unknown): string | null {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : null
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | null {
  // any object may be read by name when its values are unknown
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
}

function garbage(answer: unknown, where: string): DeployError {
  const begins = (typeof answer === 'string' ? answer : JSON.stringify(answer)).slice(0, 200)
  return new DeployError('SOURCE_GARBAGE', `${where} did not answer as the API of GitHub does`, {
    hint: 'Check baseUrl: it has to be the address of the API, which ends in /api/v3 on an enterprise server.',
    details: [begins.trim() === '' ? 'it said nothing' : `the answer begins: ${begins.replace(/\s+/g, ' ')}`],
  })
}
