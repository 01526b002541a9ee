/**
 * What a source has on offer, by version, and the choice of one: the same for every source, down to the words in which
 * it says that there is no such version, or that two things claim to be it.
 */
import { DeployError } from '../../base/deploy-error.js'
import { didYouMean } from '../../base/nearest.js'
import { parseVersion, showVersion } from '../../model/release.js'
import { compareVersions } from '../../model/version.js'

/** More than one entry for a version is kept until somebody asks for that version: the others can be deployed. */
export type Offer<T> = ReadonlyMap<string, readonly T[]>

export function offerOf<T extends { readonly version: string }>(entries: Iterable<T>): Offer<T> {
  const offer = new Map<string, T[]>()
  for (const entry of entries) {
    const others = offer.get(entry.version)
    if (others === undefined) offer.set(entry.version, [entry])
    else others.push(entry)
  }
  return offer
}

/** The one entry for a version. `where` names what was looked through; `nameOf` tells entries of one version apart. */
export function chosen<T>(offer: Offer<T>, version: string, where: string, nameOf: (entry: T) => string): T {
  const wanted = parseVersion(version)
  const [entry, ...others] = offer.get(wanted) ?? []
  if (entry === undefined) throw versionNotFound(where, wanted, [...offer.keys()])
  if (others.length === 0) return entry
  const names = [entry, ...others].map(nameOf)
  throw new DeployError('SOURCE_GARBAGE', `${where} has ${names.length} entries for version ${wanted}`, {
    hint: 'Remove or rename all but one of them: a release has one content.',
    details: names,
  })
}

const shownCount = 10

export function versionNotFound(where: string, version: string, known: readonly string[]): DeployError {
  const newest = [...known].sort((a, b) => compareVersions(b, a))
  const shown = newest.slice(0, shownCount).map(showVersion).join(', ')
  const more = newest.length > shownCount ? ` and ${newest.length - shownCount} older` : ''
  const message = `${where} has no version ${version}`
  if (newest.length === 0) {
    const hint = 'It has no versions at all: publish one, or check what the source points at.'
    return new DeployError('VERSION_NOT_FOUND', message, { hint })
  }
  return new DeployError('VERSION_NOT_FOUND', message, {
    hint: `Choose one that is there, or publish ${version} first.${didYouMean(version, newest)}`,
    details: [`there is: ${shown}${more}`],
  })
}
