/** dependsOn leads nowhere back: no service waits for itself, by whatever way. Linear in services. */
import type { Json } from '../base/hash.js'
import type { Finding } from './finding.js'
import { entriesAt, textsAt } from './tree.js'

interface Dependency {
  readonly from: string
  readonly to: string
  readonly index: string
}

export function dependencyRules(tree: Json): readonly Finding[] {
  const dependencies = new Map(
    entriesAt(tree, 'services').map(([from, service]) => [
      from,
      textsAt(service, 'dependsOn').map(([index, to]): Dependency => ({ from, to, index })),
    ]),
  )
  return circles(dependencies)
}

function pathOf(service: string, index: string): readonly string[] {
  return ['services', service, 'dependsOn', index]
}

/** One finding for each circle, at the dependency that closes it. Without recursion: chains may be long. */
function circles(dependencies: ReadonlyMap<string, readonly Dependency[]>): readonly Finding[] {
  const findings: Finding[] = []
  const done = new Set<string>()
  for (const start of dependencies.keys()) {
    const trail: { readonly service: string; next: number }[] = done.has(start)
      ? []
      : [{ service: start, next: 0 }]
    const onTrail = new Set(trail.map((one) => one.service))
    for (let here = trail.at(-1); here !== undefined; here = trail.at(-1)) {
      const dependency = dependencies.get(here.service)?.[here.next++]
      if (dependency === undefined) {
        done.add(here.service)
        onTrail.delete(here.service)
        trail.pop()
      } else if (onTrail.has(dependency.to)) {
        findings.push(
          circle(
            trail.map((one) => one.service),
            dependency,
          ),
        )
      } else if (!done.has(dependency.to)) {
        trail.push({ service: dependency.to, next: 0 })
        onTrail.add(dependency.to)
      }
    }
  }
  return findings
}

function circle(trail: readonly string[], { from, to, index }: Dependency): Finding {
  const names = [...trail.slice(trail.indexOf(to)), to]
  const message =
    from === to
      ? `the service "${from}" depends on itself`
      : `services depend on each other in a circle: ${names.join(' → ')}`
  return { path: pathOf(from, index), at: 'value', message, hint: 'Remove one of these dependencies.' }
}
