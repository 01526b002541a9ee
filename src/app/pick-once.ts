/** Version choice for many services: those that share a source and a policy share the answer, which is found once. */
import type { VersionPolicy } from '../model/config.js'
import type { VersionListing } from '../model/release.js'
import { pickVersion, type Circumstances, type VersionPick } from '../model/version.js'

export type Pick = typeof pickVersion

/** As `pickVersion`, with a memory for the lists that it has been given. */
export function pickOnce(): Pick {
  const known = new WeakMap<readonly VersionListing[], Map<string, VersionPick>>()
  return (listings, policy, circumstances) => {
    const answers = known.get(listings) ?? new Map<string, VersionPick>()
    const question = questionOf(policy, circumstances)
    const pick = answers.get(question) ?? pickVersion(listings, policy, circumstances)
    known.set(listings, answers.set(question, pick))
    return pick
  }
}

function questionOf(policy: VersionPolicy, { now, running }: Circumstances): string {
  return JSON.stringify([policy, now.getTime(), running])
}
