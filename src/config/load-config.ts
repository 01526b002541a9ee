/**
 * deploy.yaml for one environment: read, parse, merge, interpolate, validate, normalise. It answers with a Config or
 * with every problem there is, and throws for neither. The YAML package and the validator are loaded only when the
 * config cache does not have the answer, and places in the text are looked up only when there is something to show.
 */
import { digestOf, type Json } from '../base/hash.js'
import type { Config } from '../model/config.js'
import type { ConfigProblem } from '../model/config-problem.js'
import { cachePlace, readCache, writeCache, type CacheEntry, type CachePlace } from './config-cache.js'
import type { ParsedFile } from './document.js'
import { chooseEnvironment, environmentNames } from './environment.js'
import { inStages, type Finding } from './finding.js'
import type { Violation } from './generated/validate.js'
import { interpolate, type Interpolation } from './interpolate.js'
import { mergeOver } from './merge.js'
import { normalise } from './normalise.js'
import { decode, readBytes } from './read-file.js'
import type { RuleContext } from './rules.js'
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
  | {
      readonly ok: true
      readonly config: Config
      /** Of the config alone. */
      readonly configDigest: string
      /** The document merged and interpolated, as a plain tree; secrets are references. */
      readonly merged: Json
      /** Every environment the file declares. */
      readonly environments: readonly string[]
      readonly warnings: readonly ConfigProblem[]
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** A document with what is known of it, and what is needed to show places in it. */
interface Loaded {
  readonly file: NamedText
  readonly document: JsonMap
  readonly entry: CacheEntry | undefined
  readonly place: CachePlace | undefined
  /** Undefined when the document came from the cache. */
  readonly parsed: ParsedFile | undefined
}

export async function loadConfig(request: ConfigRequest, context: RuleContext): Promise<ConfigResult> {
  const { file: path, displayName: name, cacheDirectory } = request
  const bytes = await readBytes(path, name)
  if ('message' in bytes) return fileProblem(name, bytes.message, bytes.hint)
  const text = decode(bytes)
  if (text === undefined) return fileProblem(name, `${name} is not text in UTF-8`, 'Save it as UTF-8.')
  const file = { name, text }
  const place = cacheDirectory === null ? undefined : cachePlace(cacheDirectory, path, bytes)
  const entry = place === undefined ? undefined : await readCache(place)
  if (entry !== undefined) {
    return judge({ file, document: entry.document, entry, place, parsed: undefined }, request, context)
  }
  const parsed = await parse(text)
  if (!isMap(parsed.tree)) return { ok: false, problems: await unusable(file, parsed) }
  return judge({ file, document: parsed.tree, entry, place, parsed }, request, context)
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
  const { document, entry } = loaded
  const choice = chooseEnvironment(document, request.environment)
  if (!('name' in choice)) return { ok: false, problems: await locate(loaded, choice, null) }
  const { environments: _environments, defaultEnvironment: _default, ...project } = document
  const interpolation = interpolate(mergeOver(project, choice.overrides), choice.name, request.env)
  const known = interpolation.usedEnv ? undefined : entry?.valid[choice.name]
  const warnings = known?.warnings ?? (await validate(loaded, interpolation, choice.name, context))
  if ('problems' in warnings) return { ok: false, problems: warnings.problems }
  if (known === undefined) await remember(loaded, interpolation, choice.name, warnings)
  const config = normalise(interpolation.tree, choice.name)
  return {
    ok: true,
    config,
    configDigest: digestOf(config),
    merged: interpolation.tree,
    environments: environmentNames(document),
    warnings,
  }
}

/** Warnings, or every problem there is: of the text, of interpolation, of the schema and of the rules. */
async function validate(
  loaded: Loaded,
  { tree, findings }: Interpolation,
  environment: string,
  context: RuleContext,
): Promise<readonly ConfigProblem[] | { readonly problems: readonly ConfigProblem[] }> {
  const { default: validateTree } = await import('./generated/validate.js')
  const { ruleFindings, ruleWarnings } = await import('./rules.js')
  const isValid = validateTree(tree)
  const violations = isValid ? [] : await describe(tree, validateTree.errors ?? [])
  const all = inStages(findings, violations, ruleFindings(tree, context))
  const isBroken = all.length > 0 || (loaded.parsed?.findings.length ?? 0) > 0
  if (isBroken) return { problems: await locate(loaded, all, environment) }
  return locate(loaded, ruleWarnings(tree), environment)
}

async function describe(tree: Json, violations: readonly Violation[]): Promise<readonly Finding[]> {
  const { describeViolations } = await import('./describe-violations.js')
  return describeViolations(tree, violations)
}

async function remember(
  { document, entry, place }: Loaded,
  { usedEnv }: Interpolation,
  environment: string,
  warnings: readonly ConfigProblem[],
): Promise<void> {
  // with values of the environment in it the document alone does not say that it is valid; it is still parsed
  if (place === undefined || (usedEnv && entry !== undefined)) return
  const valid = usedEnv ? {} : { ...entry?.valid, [environment]: { warnings } }
  await writeCache(place, { document, valid })
}

async function locate(
  { file, parsed }: Loaded,
  findings: readonly Finding[],
  environment: string | null,
): Promise<readonly ConfigProblem[]> {
  if (findings.length === 0 && parsed?.findings.length !== 0) return []
  const { problemsOf } = await import('./to-problem.js')
  return problemsOf(file, parsed ?? (await parse(file.text)), findings, environment)
}

function fileProblem(name: string, message: string, hint: string): ConfigResult {
  return { ok: false, problems: [{ file: name, line: 1, column: 1, message, hint, frame: [] }] }
}
