/** Which changed services wait for which, also through services that do not change. Pure. */
import type { Config } from '../model/config.js'

/** For each changed service, the nearest changed services it depends on. */
export function changedDependencies(
  changed: ReadonlySet<string>,
  services: Config['services'],
): ReadonlyMap<string, readonly string[]> {
  const nearest = new Map<string, readonly string[]>()
  const look = (name: string): readonly string[] => {
    const known = nearest.get(name)
    if (known !== undefined) return known
    nearest.set(name, []) // a cycle, which validation refuses, must not hang us
    const found = new Set<string>()
    for (const dependency of services[name]?.dependsOn ?? []) {
      if (changed.has(dependency)) found.add(dependency)
      else for (const further of look(dependency)) found.add(further)
    }
    const answer = [...found].sort()
    nearest.set(name, answer)
    return answer
  }
  return new Map([...changed].map((name) => [name, look(name)]))
}

/** The names in the order of their dependencies, and otherwise in the order given. */
export function inDependencyOrder(
  names: readonly string[],
  dependencies: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const ordered = new Set<string>()
  const visiting = new Set<string>()
  const visit = (name: string): void => {
    if (ordered.has(name) || visiting.has(name)) return
    visiting.add(name)
    for (const dependency of dependencies.get(name) ?? []) visit(dependency)
    ordered.add(name)
  }
  for (const name of names) visit(name)
  return [...ordered]
}

/** The service and everything that depends on it, directly or through others. */
export function withDependents(
  name: string,
  dependencies: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const reached = new Set([name])
  for (const one of reached) {
    for (const [dependent, needs] of dependencies) if (needs.includes(one)) reached.add(dependent)
  }
  return [...reached].sort()
}
