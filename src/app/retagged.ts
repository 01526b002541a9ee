/**
 * A version that was deployed and names other content now: its tag was moved. The state knows what was deployed, so it
 * is judged here, by what the source says of such releases, and not from what a machine happens to remember.
 */
import { DeployError } from '../base/deploy-error.js'
import { shortDigest } from '../base/hash.js'
import type { Notice } from '../model/plan.js'
import { showVersion, type Release } from '../model/release.js'
import type { Source } from '../model/source.js'
import type { RecordedService } from '../model/state.js'

/** Throws ARTIFACT_UNPROVEN where such a release is refused. */
export function retagNotices(
  { version, digest, source: name }: Release,
  recorded: RecordedService | undefined,
  { retag = 'redeploy' }: Pick<Source, 'retag'>,
  service: string,
): readonly Notice[] {
  if (recorded === undefined || retag === 'redeploy') return []
  const before = [recorded.active, ...recorded.previous].find(
    ({ release }) => release.source === name && release.version === version,
  )
  if (before === undefined || before.release.digest === digest) return []
  const from = before.release.digest
  const message = `${service} ${showVersion(version)} names other content than when it was deployed (${shortDigest(from)} → ${shortDigest(digest)})`
  if (retag === 'warn') return [{ service, message }]
  throw new DeployError('ARTIFACT_UNPROVEN', message, {
    hint: `Publish it under a new version; or, if this is meant, set retag: redeploy on the source "${name}".`,
    details: [`deployed at ${before.at}: ${from}`, `now: ${digest}`],
  })
}
