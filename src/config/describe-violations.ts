/**
 * The validator's violations as findings for people: what is wrong at which key, what was expected, and the name that
 * was probably meant. Validators report each alternative that failed; only the one that was meant is told.
 */
import type { Json } from '../base/hash.js'
import { didYouMean, nearest } from '../base/nearest.js'
import type { JsonSchema } from '../model/schema.js'
import { choiceOf, expectationOf, explanationOf, orOf, patternInWords, showValue } from './expectation.js'
import { showPath, type Finding } from './finding.js'
import type { Violation } from './generated/validate.js'
import schema from './generated/merged-schema.js'
import { namesInWords } from './name-patterns.js'
import { schemasAt } from './schema-place.js'
import { childOf, isList, isMap, textAt, textsAt, valueAt, type Path } from './tree.js'

/** A violation with what it speaks of. */
interface Case {
  readonly path: Path
  readonly value: Json | undefined
  readonly schemas: readonly JsonSchema[]
  readonly params: Violation['params']
}

export function describeViolations(tree: Json, violations: readonly Violation[]): readonly Finding[] {
  const hidden = new Set<Violation>()
  const findings: Finding[] = []
  // backwards: what sums up alternatives comes after them, and may hide what is inside
  for (let index = violations.length - 1; index >= 0; index--) {
    const violation = violations[index]
    if (violation === undefined || hidden.has(violation)) continue
    const finding = isAlternatives(violation)
      ? describeAlternatives(tree, violation, violationsWithin(violations, index), hidden)
      : describe(tree, violation)
    if (finding !== undefined) findings.push(finding)
  }
  return findings.reverse()
}

/** Those of the alternatives themselves, which the validator puts right before the violation that sums them up. */
function violationsWithin(violations: readonly Violation[], index: number): readonly Violation[] {
  const prefix = `${violations[index]?.schemaPath ?? ''}/`
  let first = index
  while (violations[first - 1]?.schemaPath.startsWith(prefix) === true) first--
  return violations.slice(first, index)
}

function isAlternatives(violation: Violation): boolean {
  return violation.keyword === 'anyOf' || violation.keyword === 'oneOf'
}

/** `a` or `b`: of alternatives by kind of value, the one whose kind was given is told; of keys, all are named. */
function describeAlternatives(
  tree: Json,
  group: Violation,
  within: readonly Violation[],
  hidden: Set<Violation>,
): Finding | undefined {
  const path = pathOf(group.instancePath)
  const branches = branchesAt(tree, path, group.keyword)
  const keys = branches.flatMap((branch) => textsAt(branch, 'required').map(([, key]) => key))
  if (branches.every((branch) => 'required' in branch && !('type' in branch))) {
    within.forEach((one) => hidden.add(one))
    const tooMany = Array.isArray(group.params['passingSchemas'])
    const message = tooMany
      ? `${showPath(path)} has ${keys.join(' and ')}, but they exclude each other`
      : `${showPath(path)} needs ${orOf(keys)}`
    return { path, at: 'key', message }
  }
  const wrongKind = new Set(
    within.flatMap((one) =>
      one.keyword === 'type' && one.instancePath === group.instancePath ? [branchOf(one, group)] : [],
    ),
  )
  for (const one of within) if (wrongKind.has(branchOf(one, group))) hidden.add(one)
  if (wrongKind.size < branches.length) return undefined
  const expected = orOf(branches.map(expectationOf))
  const message = `${showPath(path)} must be ${expected}, not ${showValue(valueAt(tree, path))}`
  return withHint({ path, at: 'value', message }, explanationOf(schemasAt(tree, path)))
}

function branchesAt(tree: Json, path: Path, keyword: string): readonly JsonSchema[] {
  const lists = schemasAt(tree, path).map((one) => ('discriminator' in one ? undefined : one[keyword]))
  return (lists.find(isList) ?? []).filter(isMap)
}

function branchOf(violation: Violation, group: Violation): string {
  return violation.schemaPath.slice(group.schemaPath.length + 1).split('/')[0] ?? ''
}

function describe(tree: Json, violation: Violation): Finding | undefined {
  const path = pathOf(violation.instancePath)
  const given: Case = {
    path,
    value: valueAt(tree, path),
    schemas: schemasAt(tree, path),
    params: violation.params,
  }
  return (describers[violation.keyword] ?? describeLimit)(given, violation)
}

const describers: { readonly [keyword: string]: (given: Case, violation: Violation) => Finding | undefined } =
  {
    additionalProperties: describeUnknownKey,
    required: describeMissingKey,
    discriminator: describeUnknownType,
    type: describeWrongType,
    enum: ({ path, value, schemas, params }) => {
      const allowed = [params['allowedValues']].flat().map(String)
      const near = typeof value === 'string' ? didYouMean(value, allowed).trim() : ''
      const message = `${showPath(path)} must be ${choiceOf(allowed)}, not ${showValue(value)}`
      return withHint({ path, at: 'value', message }, near || explanationOf(schemas))
    },
    const: ({ path, value, schemas, params }) => {
      const expected = showValue(params['allowedValue'] as Json) // the schema's constants are JSON
      const message = `${showPath(path)} must be ${expected}, not ${showValue(value)}`
      return withHint({ path, at: 'value', message }, explanationOf(schemas))
    },
    pattern: ({ path, value, schemas }) => {
      const words = schemas.map(patternInWords).find((text) => text !== undefined)
      const message = `${showPath(path)} must be ${words ?? 'written differently'}, not ${showValue(value)}`
      return withHint({ path, at: 'value', message }, explanationOf(schemas))
    },
    dependencies: ({ path, params }) => {
      const [key, other] = [String(params['property']), String(params['missingProperty'])]
      return {
        path: [...path, key],
        at: 'key',
        message: `${showPath(path)} has ${key}, which needs ${other} beside it`,
      }
    },
    not: ({ path, schemas }) => {
      const keys = schemas.flatMap((one) => textsAt(one['not'], 'required').map(([, key]) => key))
      return {
        path,
        at: 'key',
        message: `${showPath(path)} has ${keys.join(' and ')}, but they exclude each other`,
      }
    },
  }

function describeUnknownKey({ path, schemas, params }: Case): Finding {
  const key = String(params['additionalProperty'])
  const known = keysOf(schemas)
  const patterns = schemas
    .map((one) => one['patternProperties'])
    .flatMap((map) => (isMap(map) ? Object.keys(map) : []))
  const words = patterns.map((pattern) => namesInWords[pattern]).find((text) => text !== undefined)
  const at = { path: [...path, key], at: 'key' } as const
  if (known.length === 0 && words !== undefined) {
    return { ...at, message: `${showPath(path)} has "${key}", which must be ${words}` }
  }
  const near = didYouMean(key, known).trim()
  return {
    ...at,
    message: `${showPath(path)} has no key "${key}"`,
    hint: near || `Its keys are ${known.join(', ')}.`,
  }
}

function keysOf(schemas: readonly JsonSchema[]): readonly string[] {
  return schemas.map((one) => one['properties']).flatMap((map) => (isMap(map) ? Object.keys(map) : []))
}

function describeMissingKey({ path, value, schemas, params }: Case): Finding | undefined {
  const key = String(params['missingProperty'])
  const types = typesAt(schemas)
  if (key === 'type' && types.length > 0) return missingType(path, types)
  const known = keysOf(schemas)
  const unknown = isMap(value) ? Object.keys(value).filter((name) => !known.includes(name)) : []
  // it is there, mistyped, and told as that
  if (unknown.some((name) => nearest(name, known) === key)) return undefined
  const described = schemas.map((one) => childOf(one['properties'], key)).filter(isMap)
  const message = `${showPath(path)} needs the key "${key}"`
  return withHint({ path: [...path, key], at: 'key', message }, explanationOf(described))
}

function describeUnknownType({ path, value, schemas }: Case): Finding {
  const types = typesAt(schemas)
  const type = childOf(value, 'type')
  if (type === undefined) return missingType(path, types)
  const message = `${showPath([...path, 'type'])} must be ${choiceOf(types)}, not ${showValue(type)}`
  const near = typeof type === 'string' ? didYouMean(type, types).trim() : ''
  return withHint({ path: [...path, 'type'], at: 'value', message }, near)
}

function missingType(path: Path, types: readonly string[]): Finding {
  return {
    path: [...path, 'type'],
    at: 'key',
    message: `${showPath(path)} needs the key "type": ${choiceOf(types)}`,
  }
}

/** The types that a union by `type` has. */
function typesAt(schemas: readonly JsonSchema[]): readonly string[] {
  return schemas.flatMap((one) => {
    if (!('discriminator' in one) || !isList(one['oneOf'])) return []
    return one['oneOf'].flatMap((item) => {
      const definition = childOf(schema['$defs'], (textAt(item, '$ref') ?? '').slice('#/$defs/'.length))
      return textAt(childOf(childOf(definition, 'properties'), 'type'), 'const') ?? []
    })
  })
}

function describeWrongType({ path, value, schemas, params }: Case): Finding {
  const admitting = schemas.filter((one) => 'type' in one)
  const expected = orOf(
    admitting.length > 0
      ? admitting.map(expectationOf)
      : [expectationOf({ type: [params['type']].flat().map(String) })],
  )
  const finding: Finding = {
    path,
    at: 'value',
    message: `${showPath(path)} must be ${expected}, not ${showValue(value)}`,
  }
  const wantsText = admitting.some((one) => one['type'] === 'string')
  if (wantsText && typeof value === 'number' && expected.includes('duration')) {
    return { ...finding, hint: `Add the unit: ${value}s, ${value}m or ${value}ms.` }
  }
  if (wantsText && expected === 'text' && typeof value !== 'object') return { ...finding, quote: true }
  return withHint(finding, explanationOf(schemas))
}

const limitsInWords: { readonly [keyword: string]: (limit: string) => string } = {
  minimum: (limit) => `must be at least ${limit}`,
  maximum: (limit) => `must be at most ${limit}`,
  exclusiveMinimum: (limit) => `must be more than ${limit}`,
  exclusiveMaximum: (limit) => `must be less than ${limit}`,
  multipleOf: (limit) => `must be a multiple of ${limit}`,
  minLength: () => 'may not be empty',
  maxLength: (limit) => `may have ${limit} characters at most`,
  minItems: (limit) => (limit === '1' ? 'may not be an empty list' : `needs at least ${limit} items`),
  maxItems: (limit) => `may have ${limit} items at most`,
  minProperties: (limit) => (limit === '1' ? 'may not be empty' : `needs at least ${limit} keys`),
  maxProperties: (limit) => `may have ${limit} keys at most`,
  uniqueItems: () => 'has the same item twice',
  format: (format) => `must be a valid ${format}`,
}

function describeLimit({ path, value, schemas, params }: Case, { keyword }: Violation): Finding {
  const limit = [params['limit'], params['multipleOf'], params['format']].find(isNumberOrText)
  const words = limitsInWords[keyword]?.(String(limit ?? '')) ?? 'is not allowed here'
  const given = typeof value === 'object' || value === '' ? '' : `, not ${showValue(value)}`
  return withHint(
    { path, at: 'value', message: `${showPath(path)} ${words}${given}` },
    explanationOf(schemas),
  )
}

function withHint(finding: Finding, hint: string | undefined): Finding {
  return hint === undefined || hint === '' ? finding : { ...finding, hint }
}

function pathOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function isNumberOrText(value: unknown): value is number | string {
  return typeof value === 'number' || typeof value === 'string'
}
