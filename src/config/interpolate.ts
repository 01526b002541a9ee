/**
 * References in the values of a merged document. Each part of the document has its own scope: a service knows its name
 * and, in its target, its release; a health check is written once and applied to many services, so its
 * `${service.name}` stays until then. Keys that deployctl does not read are dropped on the way.
 */
import type { Json } from '../base/hash.js'
import type { JsonSchema } from '../model/schema.js'
import { notePlace, type HostPlace } from '../model/interpolate-host.js'
import { createExpander, type EnvUse, type Expander, type Expansion, type Problem } from './expand-text.js'
import type { Finding } from './finding.js'
import { keepLiteral, type Live, type Piece, type Reference } from './reference.js'
import { hostsOption } from '../model/hosts-option.js'
import { isFreeKey, schemasAt } from './schema-place.js'
import { childOf, isList, isMap, textAt, type JsonMap, type Path } from './tree.js'

export interface Interpolation {
  readonly tree: Json
  readonly findings: readonly Finding[]
  readonly env: EnvUse
  /** Whether anything differs by host. */
  readonly speaksOfHosts: boolean
}

interface Scope {
  /** The service's name, `each` where it is not known yet, or null where there is none. */
  readonly service: string | null
  readonly each: boolean
  readonly release: boolean
  /** Whether what stands there may differ by host. */
  readonly host: boolean
}
const nowhere: Scope = { service: null, each: false, release: false, host: false }
const anywhere: Scope = { service: null, each: true, release: true, host: true }
const inChecks: Scope = { ...anywhere }

export function interpolate(
  tree: Json,
  environment: string,
  env: { readonly [name: string]: string | undefined },
): Interpolation {
  const findings: Finding[] = []
  let speaksOfHosts = false
  const variables = childOf(tree, 'variables')
  const sources = { variables: isMap(variables) ? variables : {}, env, environment }
  const project = projectName(tree, createExpander({ ...sources, project: '' }))
  const expander = createExpander({ ...sources, project })

  function walk(value: Json, path: Path, scope: Scope): Json {
    if (typeof value === 'string') return value.includes('${') ? interpolateText(value, path, scope) : value
    if (isList(value)) {
      const items = value.map((item, index) => walk(item, [...path, String(index)], scope))
      return items.some((item, index) => item !== value[index]) ? items : value
    }
    return isMap(value) ? walkMap(value, path, scope) : value
  }

  function walkMap(map: JsonMap, path: Path, scope: Scope): Json {
    const result: Record<string, Json> = {}
    let same = true
    for (const [key, item] of Object.entries(map)) {
      if (key.startsWith('x-') && isFreeKey(key, schemasAt(tree, path))) {
        same = false
        continue
      }
      const at = [...path, key]
      const next = walk(item, at, scopeAt(at, tree, scope, expander))
      if (next !== item) same = false
      result[key] = next
    }
    return same ? map : result
  }

  function interpolateText(text: string, path: Path, scope: Scope): Json {
    const expansion = expander.expand(text)
    const { value, problems } = settle(expansion, scope, () => schemasAt(tree, path))
    if (scope.host && expansion.pieces.some(isOfHost)) speaksOfHosts = true
    const all = [...expansion.problems, ...problems]
    findings.push(...all.map((problem): Finding => ({ path, at: 'value', ...problem })))
    return all.length === 0 ? value : text
  }

  const result = walk(tree, [], nowhere)
  for (const { variable, problem } of expander.circles) {
    findings.push({ path: ['variables', variable], at: 'value', ...problem })
  }
  return { tree: result, findings, env: expander.env, speaksOfHosts }
}

function projectName(tree: Json, expander: Expander): string {
  const written = textAt(tree, 'project') ?? ''
  const { pieces } = expander.expand(written)
  return pieces.filter((piece) => typeof piece === 'string').join('')
}

/** Scopes begin at a service, at its target, at the checks, at a hook and at the variables. */
function scopeAt(path: Path, tree: Json, outer: Scope, expander: Expander): Scope {
  const [section, name, key = ''] = path
  if (path.length === 1) {
    if (section === 'variables') return anywhere
    return section === 'healthChecks' ? inChecks : nowhere
  }
  if (path.length === 2 && section === 'services') return { ...nowhere, service: name ?? null }
  if (path.length === 3 && section === 'services' && key === 'target')
    return { ...outer, release: true, host: true }
  if (path.length === 4 && section === 'services' && sameOnAllHosts.has(path[3] ?? ''))
    return { ...outer, host: false }
  if (path.length === 3 && section === 'healthChecks' && checkTiming.has(key))
    return { ...outer, host: false }
  if (path.length === 2 && section === 'hooks') {
    const service = textAt(childOf(childOf(tree, 'hooks'), name ?? ''), 'service')
    if (service === undefined) return nowhere
    const resolved = expander.expand(service).pieces.filter((piece) => typeof piece === 'string')
    return { ...nowhere, service: resolved.join('') }
  }
  return outer
}

/** What is asked of a target before it is known where it will be. */
const sameOnAllHosts: ReadonlySet<string> = new Set(['type', hostsOption, 'keepReleases'])
const checkTiming: ReadonlySet<string> = new Set(['type', 'interval', 'timeout', 'healthyAfter', 'deadline'])

function isOfHost(piece: Piece): boolean {
  return typeof piece !== 'string' && piece.kind === 'host'
}

type Scalar = string | number | boolean

interface Settled {
  readonly value: Scalar
  readonly problems: readonly Problem[]
}

/** The value at its place: live references kept where they may be, refused elsewhere. */
function settle(expansion: Expansion, scope: Scope, schemas: () => readonly JsonSchema[]): Settled {
  const { scalar } = expansion
  if (scalar !== undefined && typeof scalar !== 'string')
    return { value: typed(scalar, schemas()), problems: [] }
  const live: Live = {
    release: scope.release,
    service: scope.each,
    secret: isSecretPlace(expansion, scope, schemas),
    host: scope.host,
  }
  const problems: Problem[] = []
  let text = ''
  for (const piece of joined(expansion.pieces)) {
    const part = typeof piece === 'string' ? keepLiteral(piece, live) : valueOf(piece, scope, live)
    if (typeof part !== 'string') problems.push(part)
    else if (isOfHost(piece) && !text.endsWith('$')) {
      text += notePlace(part, hostPlaceOf(expansion, scope, live, schemas))
    } else if (typeof piece !== 'string' && part === piece.text && text.endsWith('$')) {
      problems.push({ part, message: `text that ends in $ cannot stand right before ${part}` })
    } else text += part
  }
  return { value: scalar === undefined ? text : typed(text, schemas()), problems }
}

/** The schema is asked only where a text speaks of a secret, since most do not. */
function isSecretPlace(expansion: Expansion, scope: Scope, schemas: () => readonly JsonSchema[]): boolean {
  const speaks = expansion.pieces.some((piece) =>
    typeof piece === 'string' ? piece.includes('${') : piece.kind === 'secret' || piece.kind === 'host',
  )
  return speaks && (scope === anywhere || schemas().some((one) => one['x-secret'] === true))
}

function valueOf({ kind, text }: Reference, scope: Scope, live: Live): string | Problem {
  if (kind === 'secret') return live.secret ? text : secretRefused(text)
  const message = `${text} has no meaning here`
  if (kind === 'release') {
    const hint =
      'It can be used in the target of a service and in health checks. A hook finds it in $DEPLOYCTL_VERSION.'
    return scope.release ? text : { part: text, message, hint }
  }
  if (kind === 'host') {
    const hint =
      'It can be used in the target of a service and in health checks. A hook finds what its host has in its environment, and the name in $DEPLOYCTL_HOST.'
    return scope.host ? text : { part: text, message, hint }
  }
  if (scope.each) return text
  const hint = 'It can be used in a service, in health checks, and in hooks that name a service.'
  return scope.service ?? { part: text, message, hint }
}

/** In a variable it is not known yet: where that is used, its text is looked at once more. */
function hostPlaceOf(
  { pieces }: Expansion,
  scope: Scope,
  live: Live,
  schemas: () => readonly JsonSchema[],
): HostPlace | null {
  if (scope === anywhere) return null
  if (pieces.length === 1 && !takesText(schemas())) return 'number'
  return live.secret ? 'secret' : null
}

function takesText(schemas: readonly JsonSchema[]): boolean {
  const types = new Set(schemas.flatMap((one) => [one['type']].flat()).filter((type) => type !== undefined))
  return types.has('string') || !(types.has('integer') || types.has('number') || types.has('boolean'))
}

function secretRefused(text: string): Problem {
  return {
    part: text,
    message: `${text} may not be used here: its value would reach plans, state or arguments`,
    hint: 'Secrets belong in places made for them, such as the env of a hook or the url of a notifier.',
  }
}

/** Neighbouring literals as one, so that no lookalike is torn apart. */
function joined(pieces: readonly Piece[]): readonly Piece[] {
  const result: Piece[] = []
  for (const piece of pieces) {
    const last = result.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') result[result.length - 1] = last + piece
    else result.push(piece)
  }
  return result
}

/** A value that is wholly one reference fits its place: text of the process's environment can be a number there. */
function typed(value: Scalar, schemas: readonly JsonSchema[]): Scalar {
  const types = new Set(schemas.flatMap((one) => [one['type']].flat()).filter((type) => type !== undefined))
  const number = types.has('integer') || types.has('number')
  const text = types.has('string') || types.size === 0
  if (typeof value === 'number') return number || !text ? value : String(value)
  if (typeof value === 'boolean') return types.has('boolean') || !text ? value : String(value)
  if (text) return value
  if (number && /^-?[0-9]+(\.[0-9]+)?$/.test(value)) return Number(value)
  return types.has('boolean') && /^(true|false)$/.test(value) ? value === 'true' : value
}
