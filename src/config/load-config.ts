/**
 * deploy.yaml for one environment: read, parse, merge, interpolate, validate, normalise. It answers with a Config or
 * with every problem there is, and throws for neither. The YAML package and the validator are loaded only when the
 * config cache does not have the answer, and places in the text are looked up only when there is something to show.
 */
import { digestOf, type Json } from '../base/hash.js'
import type { Config } from '../model/config.js'
import type { ConfigProblem } from '../model/config-problem.js'
import { cachePlace, readCache, writeCache, type CachePlace, type Found } from './config-cache.js'
import type { ParsedFile } from './document.js'
import { chooseEnvironment, environmentNames } from './environment.js'
import { inStages, type Finding } from './finding.js'
import type { Violation } from './generated/validate.js'
import { interpolate, type Interpolation } from './interpolate.js'
import { mergeOver } from './merge.js'
import { normalise } from './normalise.js'
import { decode, readBytes } from './read-file.js'
import type { RuleContext } from './strategy-rules.js'
import { isMap, type JsonMap } from './tree.js'
import type { NamedText } from './to-problem.js'

export interface ConfigRequest {
  /** Absolute. */
  readonly file: string
  /** As the person wrote it. */
  readonly displayName: string
  /** Null for the one that deploy.yaml means by default. */
  readonly environment: string | null
  readonly env: { readonly [name: string]: string | undefined }
  /** Absolute, made when it is missing; null for no cache. */
  readonly cacheDirectory: string | null
}

export type ConfigResult =
  | ({ readonly ok: true; readonly config: Config } & Found)
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** A document, and what is needed to show places in it and to remember it. */
interface Loaded {
  readonly file: NamedText
  readonly document: JsonMap
  readonly place: CachePlace | undefined
  /** Undefined when the document came from the cache. */
  readonly parsed: ParsedFile | undefined
}

export async function loadConfig(request: ConfigRequest, context: RuleContext): Promise<ConfigResult> {
  const { file: path, displayName: name, environment, cacheDirectory } = request
  const bytes = await readBytes(path, name)
  if ('message' in bytes) return fileProblem(name, bytes.message, bytes.hint)
  const place = cacheDirectory === null ? undefined : cachePlace(cacheDirectory, path, environment, bytes)
  const entry = place === undefined ? undefined : await readCache(place)
  if (entry?.kind === 'valid' && entry.unset.every((variable) => isUnset(request.env[variable]))) {
    return { ok: true, config: normalise(entry.found.merged, entry.environment), ...entry.found }
  }
  const text = decode(bytes)
  if (text === undefined) return fileProblem(name, `${name} is not text in UTF-8`, 'Save it as UTF-8.')
  const file = { name, text }
  if (entry?.kind === 'parsed') {
    return judge({ file, document: entry.document, place, parsed: undefined }, request, context)
  }
  const parsed = await parse(text)
  if (!isMap(parsed.tree)) return { ok: false, problems: await unusable(file, parsed) }
  return judge({ file, document: parsed.tree, place, parsed }, request, context)
}

/** As `${env.X:-default}` sees it. */
function isUnset(value: string | undefined): boolean {
  return value === undefined || value === ''
}

async function parse(text: string): Promise<ParsedFile> {
  const { parseFile } = await import('./document.js')
  return parseFile(text)
}

/** A text that is no YAML, or holds no map at its root. */
async function unusable(file: NamedText, parsed: ParsedFile): Promise<readonly ConfigProblem[]> {
  const { problemsOf } = await import('./to-problem.js')
  if (parsed.findings.length > 0) return problemsOf(file, parsed, [], null)
  const root: Finding =
    parsed.tree === null
      ? { path: [], at: 'key', message: `${file.name} is empty`, hint: 'Begin with `deployctl init`.' }
      : { path: [], at: 'key', message: `${file.name} must be a map of keys such as project: and services:` }
  return problemsOf(file, parsed, [root], null)
}

async function judge(loaded: Loaded, request: ConfigRequest, context: RuleContext): Promise<ConfigResult> {
  const { document, place, parsed } = loaded
  const choice = chooseEnvironment(document, request.environment)
  if (!('name' in choice)) return { ok: false, problems: await locate(loaded, choice, null) }
  const { environments: _environments, defaultEnvironment: _default, ...project } = document
  const { name: environment, overrides } = choice
  const interpolation = interpolate(mergeOver(project, overrides), environment, request.env)
  const warnings = await validate(loaded, interpolation, environment, context)
  if ('problems' in warnings) return { ok: false, problems: warnings.problems }
  const { tree: merged, env } = interpolation
  const config = normalise(merged, environment)
  const environments = environmentNames(document)
  const found = { configDigest: digestOf(config), merged, environments, warnings }
  if (place !== undefined && !env.gave) {
    await writeCache(place, { kind: 'valid', environment, unset: env.unset, found })
  } else if (place !== undefined && parsed !== undefined)
    await writeCache(place, { kind: 'parsed', document })
  return { ok: true, config, ...found }
}

/** Warnings, or every problem there is: of the text, of interpolation, of the schema and of the rules. */
async function validate(
  loaded: Loaded,
  { tree: written, findings, speaksOfHosts }: Interpolation,
  environment: string,
  context: RuleContext,
): Promise<readonly ConfigProblem[] | { readonly problems: readonly ConfigProblem[] }> {
  const { default: validateTree } = await import('./generated/validate.js')
  const { ruleFindings, ruleWarnings } = await import('./rules.js')
  const tree = speaksOfHosts ? await asOneHost(written) : written
  const isValid = validateTree(tree)
  const violations = isValid ? [] : await describe(tree, validateTree.errors ?? [])
  const byHost = isValid && speaksOfHosts ? await findByHost(written) : []
  const all = inStages(findings, violations, ruleFindings(tree, context), byHost)
  const isBroken = all.length > 0 || (loaded.parsed?.findings.length ?? 0) > 0
  if (isBroken) return { problems: await locate(loaded, all, environment) }
  return locate(loaded, ruleWarnings(tree), environment)
}

async function asOneHost(tree: Json): Promise<Json> {
  const values = await import('./host-values.js')
  return isMap(tree) ? values.asOneHost(tree) : tree
}

/** What is wrong on some hosts only. */
async function findByHost(tree: Json): Promise<readonly Finding[]> {
  const { default: validateTree } = await import('./generated/validate.js')
  const { describeViolations } = await import('./describe-violations.js')
  const { hostValueFindings } = await import('./host-values.js')
  const judge = (one: Json): readonly Finding[] =>
    validateTree(one) ? [] : describeViolations(one, validateTree.errors ?? [])
  return isMap(tree) ? hostValueFindings(tree, judge) : []
}

async function describe(tree: Json, violations: readonly Violation[]): Promise<readonly Finding[]> {
  const { describeViolations } = await import('./describe-violations.js')
  return describeViolations(tree, violations)
}

async function locate(
  { file, parsed }: Loaded,
  findings: readonly Finding[],
  environment: string | null,
): Promise<readonly ConfigProblem[]> {
  if (findings.length === 0 && (parsed?.findings.length ?? 0) === 0) return []
  const { problemsOf } = await import('./to-problem.js')
  return problemsOf(file, parsed ?? (await parse(file.text)), findings, environment)
}

function fileProblem(name: string, message: string, hint: string): ConfigResult {
  return { ok: false, problems: [{ file: name, line: 1, column: 1, message, hint, frame: [] }] }
}
