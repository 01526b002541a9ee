/**
 * What a text with references stands for, wherever it is used: variables, the process's environment and fixed names
 * are replaced here; references that depend on the place (service, release, secret) stay pieces.
 */
import type { Json } from '../base/hash.js'
import { didYouMean, nearest } from '../base/nearest.js'
import { partsOfHost, isHostPart } from '../model/interpolate-host.js'
import { piecesOf, type Piece, type Reference } from './reference.js'

export interface Expansion {
  readonly pieces: readonly Piece[]
  /** The value of a text that is wholly one reference, with its type. */
  readonly scalar: string | number | boolean | undefined
  /** One for each reference that stands for nothing. */
  readonly problems: readonly Problem[]
}
export interface Problem {
  readonly message: string
  readonly hint?: string
  /** The reference, as written. */
  readonly part: string
}
interface Circle {
  /** The one that closes it. */
  readonly variable: string
  readonly problem: Problem
}
export interface ExpansionSources {
  readonly variables: { readonly [name: string]: Json }
  readonly env: { readonly [name: string]: string | undefined }
  readonly environment: string
  readonly project: string
}
export interface EnvUse {
  /** Whether any value came from there, so that the document alone does not tell the result. */
  readonly gave: boolean
  /** Variables that were not set there, so that their defaults stand. */
  readonly unset: readonly string[]
}
export interface Expander {
  expand(text: string): Expansion
  /** Found so far: variables that lead back to themselves. */
  readonly circles: readonly Circle[]
  /** What was asked of the process's environment so far. */
  readonly env: EnvUse
}

const placeBound = ['release.version', 'service.name']
const fixed = [...placeBound, 'environment.name', 'project.name']

export function createExpander(sources: ExpansionSources): Expander {
  const known = new Map<string, Expansion>()
  const underWay: string[] = []
  const circles: Circle[] = []
  const unset = new Set<string>()
  let gave = false

  function expand(text: string): Expansion {
    const written = piecesOf(text)
    const parts = written.map((piece) =>
      typeof piece === 'string' ? constant(piece) : expandReference(piece),
    )
    return {
      pieces: parts.flatMap((part) => part.pieces),
      scalar: written.length === 1 ? parts[0]?.scalar : undefined,
      problems: parts.flatMap((part) => part.problems),
    }
  }

  function expandReference(reference: Reference): Expansion {
    const { kind, name } = reference
    if (kind === 'var') return expandVariable(reference)
    if (kind === 'env') return expandEnv(reference)
    if (kind === 'secret' || placeBound.includes(`${kind}.${name}`)) return keep(reference)
    if (kind === 'host' && isHostPart(name)) return keep(reference)
    if (`${kind}.${name}` === 'environment.name') return constant(sources.environment)
    if (`${kind}.${name}` === 'project.name') return constant(sources.project)
    return unknownReference(reference)
  }

  function expandVariable({ name, text }: Reference): Expansion {
    const expansion = known.get(name)
    if (expansion !== undefined) return expansion
    if (underWay.includes(name)) {
      const circle = [...underWay.slice(underWay.indexOf(name)), name].join(' → ')
      const message = `the variable "${name}" refers to itself: ${circle}`
      circles.push({ variable: underWay.at(-1) ?? name, problem: { message, part: text } })
      return { pieces: [text], scalar: undefined, problems: [] }
    }
    const value = Object.hasOwn(sources.variables, name) ? sources.variables[name] : undefined
    if (value === undefined) return unknownVariable(text, name, Object.keys(sources.variables))
    underWay.push(name)
    const result = typeof value === 'string' ? asText(expand(value)) : constantOf(value)
    underWay.pop()
    // a variable that stands for nothing is told once, where it is written
    const found = result.problems.length === 0 ? result : { pieces: [text], scalar: undefined, problems: [] }
    known.set(name, found)
    return found
  }

  function expandEnv({ name, fallback, text }: Reference): Expansion {
    const value = sources.env[name]
    if (value !== undefined && (value !== '' || fallback === null)) {
      gave = true
      return constant(value)
    }
    unset.add(name)
    if (fallback !== null) return constant(fallback)
    const near = didYouMean(
      name,
      Object.keys(sources.env).filter((known) => sources.env[known] !== undefined),
    ).trim()
    const how = `Set it, or give a default: \${env.${name}:-default}.`
    return failure(text, `the variable ${name} of the process is not set`, `${near} ${how}`.trim())
  }

  return {
    expand,
    circles,
    get env() {
      return { gave, unset: [...unset] }
    },
  }
}

function unknownVariable(text: string, name: string, names: readonly string[]): Expansion {
  const list =
    names.length === 0 ? 'None is declared: write it below variables.' : `Declared: ${listOf(names)}.`
  return failure(text, `there is no variable "${name}"`, didYouMean(name, names).trim() || list)
}

const forms =
  'References are ${var.x}, ${env.X}, ${env.X:-default}, ${secret.X}, ${release.version}, ${service.name}, ${host.name}, ${host.variables.X}, ${environment.name} and ${project.name}.'

function unknownReference({ kind, name, text }: Reference): Expansion {
  const literal = `For the text itself write $${text}.`
  if (kind === 'host') {
    const parts = partsOfHost.map((part) => `\${host.${part}}`).join(', ')
    return failure(text, `${text} is no reference`, `Of a host there are ${parts}. ${literal}`)
  }
  if (!text.endsWith('}')) return failure(text, `"${text}" has no closing }`, literal)
  const bare = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text)?.[1]
  const full = fixed.find((known) => known.startsWith(`${kind}.`))
  const near = bare === undefined ? (full ?? kindNear(kind, name)) : `env.${bare}`
  return failure(
    text,
    `${text} is no reference`,
    `${near === undefined ? forms : `Did you mean \${${near}}?`} ${literal}`,
  )
}

function kindNear(kind: string, name: string): string | undefined {
  const near = nearest(kind, [
    'var',
    'env',
    'secret',
    'host',
    ...fixed.map((known) => known.split('.')[0] ?? ''),
  ])
  if (near === undefined || kind === '') return undefined
  return fixed.find((known) => known.startsWith(`${near}.`)) ?? `${near}.${name}`
}

function constantOf(value: Json): Expansion {
  // a list or a map is told by validation, which knows what a variable may be
  return constant(typeof value === 'number' || typeof value === 'boolean' ? value : '')
}
function constant(value: string | number | boolean): Expansion {
  return { pieces: [String(value)], scalar: value, problems: [] }
}
function keep(reference: Reference): Expansion {
  return { pieces: [reference], scalar: undefined, problems: [] }
}
function failure(text: string, message: string, hint?: string): Expansion {
  const problem = { message, part: text, ...(hint === undefined ? {} : { hint }) }
  return { pieces: [text], scalar: undefined, problems: [problem] }
}

/** Text without place-bound references is a value of its own: text. */
function asText(expansion: Expansion): Expansion {
  const texts = expansion.pieces.filter((piece) => typeof piece === 'string')
  const isPlain = expansion.scalar === undefined && texts.length === expansion.pieces.length
  return isPlain ? { ...expansion, scalar: texts.join('') } : expansion
}

function listOf(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(', ')} …` : names.join(', ')
}
