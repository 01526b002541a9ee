/** The file of a release that is to be deployed, or why there is none, with the names there are. Pure. */
import { DeployError } from '../../../base/deploy-error.js'
import { didYouMean } from '../../../base/nearest.js'
import { showVersion } from '../../../model/release.js'
import { assetNamed, describeWanted, patternFor, type Named } from './asset-name.js'
import type { GitHubAsset } from './github-releases.js'

const mostShown = 20

export function chooseAsset(
  pattern: string | undefined,
  named: Named,
  assets: readonly GitHubAsset[],
): GitHubAsset {
  if (pattern === undefined) throw unsaid(named, assets)
  const asset = assetNamed(pattern, named, assets)
  if (asset?.uploaded === true) return asset
  const wanted = describeWanted(pattern, named)
  const what =
    asset === null ? `has no asset "${wanted}"` : `has "${asset.name}" only in part: it is being uploaded`
  throw new DeployError('ARTIFACT_MISSING', `the release ${named.tag} ${what}`, {
    hint: `Publish it, or wait for the build that does; if it has another name, change asset:.${similar(wanted, assets)}`,
    details: [assetsLine(assets)],
  })
}

/** Whoever writes the option needs to see the names it is about. */
function unsaid(named: Named, assets: readonly GitHubAsset[]): DeployError {
  const { version } = named
  const example = assets.find(({ name }) => /\.(t?gz|zip|tar\.\w+|tgz|tbz2?|txz)$/.test(name)) ?? assets[0]
  const pattern = example === undefined ? 'shop_{version}.tar.gz' : patternFor(example.name, named)
  return new DeployError(
    'CONFIG_INVALID',
    `it does not say which asset of ${showVersion(version)} is deployed`,
    {
      hint: `Set asset: to the name of one, such as "${pattern}".`,
      details: [assetsLine(assets)],
    },
  )
}

function similar(wanted: string, assets: readonly GitHubAsset[]): string {
  return didYouMean(
    wanted,
    assets.map(({ name }) => name),
  )
}

function assetsLine(assets: readonly GitHubAsset[]): string {
  if (assets.length === 0) return 'it has no assets at all'
  const names = assets.map(({ name, uploaded }) => (uploaded ? name : `${name} (being uploaded)`))
  const more = names.length > mostShown ? ` and ${names.length - mostShown} more` : ''
  return `it has: ${names.slice(0, mostShown).join(', ')}${more}`
}
