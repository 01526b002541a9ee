/** Every name that refers to something declared elsewhere in the document is there; if not, the one that was meant. */
import type { Json } from '../base/hash.js'
import { didYouMean } from '../base/nearest.js'
import type { Finding } from './finding.js'
import { childOf, entriesAt, textAt, textsAt, type Path } from './tree.js'

interface NameReference {
  readonly path: Path
  readonly name: string
  readonly section: string
  /** What the section has, for people. */
  readonly what: string
}

/** Comparing a name with thousands of others takes time, and nobody reads so many suggestions. */
const suggestions = 100
const listed = 20

export function nameRules(tree: Json): readonly Finding[] {
  const sections = ['sources', 'services', 'healthChecks']
  const declared = new Map(
    sections.map((section) => [section, entriesAt(tree, section).map(([name]) => name)]),
  )
  return referencesIn(tree)
    .filter(({ section, name }) => childOf(childOf(tree, section), name) === undefined)
    .map(({ path, name, section, what }, index): Finding => {
      const known = declared.get(section) ?? []
      const near = index < suggestions ? didYouMean(name, known).trim() : ''
      const hint = near || listOf(section, known)
      return { path, at: 'value', message: `there is no ${what} "${name}"`, hint }
    })
}

function listOf(section: string, known: readonly string[]): string {
  if (known.length === 0) return `None is declared: write it below ${section}.`
  return `Declared: ${known.slice(0, listed).join(', ')}${known.length > listed ? ' …' : '.'}`
}

function referencesIn(tree: Json): readonly NameReference[] {
  const inServices = entriesAt(tree, 'services').flatMap(([service, value]): readonly NameReference[] => {
    const at = ['services', service]
    const source = textAt(value, 'source')
    return [
      ...(source === undefined
        ? []
        : [{ path: [...at, 'source'], name: source, section: 'sources', what: 'source' }]),
      ...textsAt(value, 'dependsOn').map(([index, name]) => {
        return { path: [...at, 'dependsOn', index], name, section: 'services', what: 'service' }
      }),
      ...textsAt(value, 'healthChecks').map(([index, name]) => {
        return { path: [...at, 'healthChecks', index], name, section: 'healthChecks', what: 'health check' }
      }),
    ]
  })
  const inHooks = entriesAt(tree, 'hooks').flatMap(([hook, value]): readonly NameReference[] => {
    const name = textAt(value, 'service')
    return name === undefined
      ? []
      : [{ path: ['hooks', hook, 'service'], name, section: 'services', what: 'service' }]
  })
  return [...inServices, ...inHooks]
}
