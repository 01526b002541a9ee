/**
 * What is said of versions has to fit the scheme: that of the source for what the source says, and that of a service
 * for what it says itself or takes from its source.
 */
import type { Json } from '../base/hash.js'
import { didYouMean } from '../base/nearest.js'
import { isDenied, isExactVersion, isPolicyText, schemeProblem } from '../model/version.js'
import { policyDefaults } from './defaults.js'
import type { Finding } from './finding.js'
import { childOf, entriesAt, textAt, textsAt, type Path } from './tree.js'

export function versionRules(tree: Json): readonly Finding[] {
  return [
    ...entriesAt(tree, 'sources').flatMap(([name, source]) => ownFindings(['sources', name], source, null)),
    ...entriesAt(tree, 'services').flatMap(([name, service]) => {
      const source = childOf(childOf(tree, 'sources'), textAt(service, 'source') ?? '') ?? null
      const path = ['services', name]
      return [
        ...ownFindings(path, service, source),
        ...inheritedFindings(path, service, source),
        ...deniedFindings(path, service, source),
      ]
    }),
  ]
}

/** A key of the service, else of its source. */
function textOf(key: string, service: Json, source: Json | null): string | undefined {
  return textAt(service, key) ?? (source === null ? undefined : textAt(source, key))
}

function schemeOf(service: Json, source: Json | null): string {
  return textOf('scheme', service, source) ?? policyDefaults.scheme
}

function ownFindings(path: Path, own: Json, source: Json | null): readonly Finding[] {
  return [
    ...schemeFindings(path, own),
    ...channelFindings(path, own),
    ...textFindings(path, own, own, source),
  ]
}

function schemeFindings(path: Path, own: Json): readonly Finding[] {
  const scheme = textAt(own, 'scheme')
  const problem = scheme === undefined ? null : schemeProblem(scheme)
  if (scheme === undefined || problem === null) return []
  const message = `${path.join('.')}.scheme: "${scheme}" is neither semver nor a calendar format: ${problem}`
  const hint =
    didYouMean(scheme, ['semver']).trim() ||
    'Write tokens of calver.org (YYYY YY 0Y MM 0M WW 0W DD 0D MAJOR MINOR MICRO MODIFIER) with . - or _ between them, such as YYYY.MM.MICRO.'
  return [{ path: [...path, 'scheme'], at: 'value', message, hint }]
}

/** YAML takes these words for text, and nobody calls a channel so. */
const switches = /^(on|off|yes|no|y|n|true|false|none|all)$/i

function channelFindings(path: Path, own: Json): readonly Finding[] {
  const channel = textAt(own, 'prerelease')
  if (channel === undefined || !switches.test(channel)) return []
  const message = `${path.join('.')}.prerelease: "${channel}" would be the name of a channel`
  return [
    {
      path: [...path, 'prerelease'],
      at: 'value',
      message,
      hint: 'Write true, false, or a name such as beta.',
    },
  ]
}

/** `version` and `deny` of `own`, by the scheme that holds for it. */
function textFindings(path: Path, own: Json, service: Json, source: Json | null): readonly Finding[] {
  const scheme = schemeOf(service, source)
  if (schemeProblem(scheme) !== null) return []
  const version = textAt(own, 'version')
  const at = path.join('.')
  return [
    ...(version === undefined || isPolicyText(version, scheme)
      ? []
      : [wrongVersion([...path, 'version'], `${at}.version`, version, scheme)]),
    ...textsAt(own, 'deny').flatMap(([index, text]): Finding[] => {
      if (isPolicyText(text, scheme) && text.trim() !== 'latest') return []
      const message = `${at}.deny: "${text}" is no version and no range`
      return [{ path: [...path, 'deny', index], at: 'value', message, hint: `Write ${examplesOf(scheme)}.` }]
    }),
  ]
}

function wrongVersion(path: Path, at: string, version: string, scheme: string): Finding {
  const message = `${at}: "${version}" is no version, no range and not latest`
  const hint = didYouMean(version, ['latest']).trim() || `Write ${examplesOf(scheme)} or latest.`
  return { path, at: 'value', message, hint }
}

function examplesOf(scheme: string): string {
  return scheme === 'semver'
    ? '1.4.2, ^1.4, ">=1.2 <2"'
    : `a version as in ${scheme}, the beginning of one (2026.x), or ">=2026.4 <2027"`
}

/** A service with a scheme of its own may take from its source what does not fit that. */
function inheritedFindings(path: Path, service: Json, source: Json | null): readonly Finding[] {
  if (source === null || textAt(service, 'scheme') === undefined) return []
  const inherited = ['version', 'deny'].filter((key) => childOf(service, key) === undefined)
  const taken = Object.fromEntries(inherited.map((key) => [key, childOf(source, key) ?? null]))
  return textFindings(path, taken, service, source).map(({ message }) => ({
    path: [...path, 'scheme'],
    at: 'value',
    message: `${message}; it comes from the source, whose scheme is another`,
  }))
}

/** What is asked for by name and denied at the same time can never be. */
function deniedFindings(path: Path, service: Json, source: Json | null): readonly Finding[] {
  const scheme = schemeOf(service, source)
  const version = textAt(service, 'version')
  if (version === undefined || schemeProblem(scheme) !== null || !isPolicyText(version, scheme)) return []
  const denying = childOf(service, 'deny') === undefined ? source : service
  const deny = denying === null ? [] : textsAt(denying, 'deny').map(([, text]) => text)
  if (!isExactVersion(version, scheme) || !isDenied(version.trim(), { scheme, deny })) return []
  const message = `${path.join('.')}.version: ${version} is denied by deny: ${deny.join(', ')}`
  return [
    { path: [...path, 'version'], at: 'value', message, hint: 'Take it off deny:, or ask for another.' },
  ]
}
