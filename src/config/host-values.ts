/**
 * What a service is on each of its hosts, as far as deploy.yaml lists them: that every host has what is referred to, and
 * that the result is what the schema asks for. Hosts of inventories are not known here; they are judged when a plan is
 * made. The schema itself sees one host's values in place of the references, since it knows of no references.
 */
import type { Json } from '../base/hash.js'
import type { HostSpec } from '../model/host-spec.js'
import { thisHost } from '../model/host-spec.js'
import { hostOf } from '../model/host-entry.js'
import { hostsOption } from '../model/hosts-option.js'
import { forHost, speaksOfHost, type HostTrouble } from '../model/interpolate-host.js'
import type { Finding } from './finding.js'
import { listedHosts } from './host-rules.js'
import { childOf, entriesAt, isMap, textAt, textsAt, valueAt, type JsonMap, type Path } from './tree.js'

export type Judge = (tree: Json) => readonly Finding[]

/** A place that may speak of a host: the target of a service, or a check. */
interface Spot {
  readonly path: Path
  readonly hosts: readonly HostSpec[]
}

/** The document as its first hosts see it, with 1 for a number that there is not. */
export function asOneHost(tree: JsonMap): JsonMap {
  return spotsOf(tree).reduce((done, { path, hosts: [first] }) => {
    const spot = valueAt(done, path) ?? null
    const { value, troubles } = forHost(spot, first ?? nobody)
    return replaceAt(done, path, filled(value, troubles))
  }, tree)
}

/** For every host that is listed; nothing is said twice that is the same on several. */
export function hostValueFindings(tree: JsonMap, judge: Judge): readonly Finding[] {
  const judged = new Set<string>()
  const sample = asOneHost(tree)
  return spotsOf(tree).flatMap(({ path, hosts }) => {
    const spot = valueAt(tree, path) ?? null
    return hosts.flatMap((host): readonly Finding[] => {
      const { value, troubles } = forHost(spot, host)
      if (troubles.length > 0) return troubles.map((trouble) => findingOf(path, trouble))
      const text = JSON.stringify([path, value])
      if (judged.has(text)) return []
      judged.add(text)
      return judge(replaceAt(sample, path, value))
        .filter((finding) => path.every((key, index) => finding.path[index] === key))
        .map((finding) => ({ ...finding, message: `on ${host.name}: ${finding.message}` }))
    })
  })
}

function findingOf(path: Path, { path: inner, message, hint, part }: HostTrouble): Finding {
  return { path: [...path, ...inner], at: 'value', message, hint, part }
}

function spotsOf(tree: JsonMap): readonly Spot[] {
  const services = entriesAt(tree, 'services').map(([name, service]) => {
    return { name, service, hosts: hostsOf(tree, service) }
  })
  const targets = services.map(({ name, hosts }) => ({ path: ['services', name, 'target'], hosts }))
  const checks = entriesAt(tree, 'healthChecks').map(([name]) => {
    const users = services.filter(({ service }) => {
      return childOf(service, 'healthChecks') === undefined || namesIn(service, 'healthChecks').includes(name)
    })
    const hosts = new Map(users.flatMap((user) => user.hosts.map((host) => [host.name, host])))
    return { path: ['healthChecks', name], hosts: [...hosts.values()] }
  })
  return [...targets, ...checks].filter(({ path }) => speaksOfHost(valueAt(tree, path)))
}

/** This machine where the service names none; those of inventories are not among them. */
function hostsOf(tree: JsonMap, service: Json): readonly HostSpec[] {
  const target = childOf(service, 'target')
  const single = textAt(target, hostsOption)
  const words = single === undefined ? namesIn(target, hostsOption) : [single]
  if (words.length === 0) return [thisHost]
  const found = new Map<string, HostSpec>()
  for (const { group, written } of listedHosts(tree)) {
    const host = hostOf(written)
    if (words.includes(group) || words.includes(host.name)) found.set(host.name, host)
  }
  return [...found.values()]
}

function namesIn(value: Json | undefined, key: string): readonly string[] {
  return textsAt(value, key).map(([, name]) => name)
}

const nobody: HostSpec = { ...thisHost, name: 'host', address: 'host' }

/** What could not be replaced, by something of the right kind. */
function filled(spot: Json, troubles: readonly HostTrouble[]): Json {
  return troubles.reduce((done, { path }) => {
    const text = valueAt(done, path)
    return typeof text === 'string' && text.startsWith('${number:') ? replaceAt(done, path, 1) : done
  }, spot)
}

function replaceAt<T extends Json>(tree: T, [key, ...rest]: Path, value: Json): T {
  if (key === undefined) return value as T // the place itself: of the same kind by its caller
  const copy: unknown = Array.isArray(tree)
    ? [...(tree as readonly Json[])]
    : isMap(tree)
      ? { ...tree }
      : tree
  const map = copy as Record<string, Json> // a list is written to by its indexes, as a map by its keys
  map[key] = replaceAt(map[key] ?? null, rest, value)
  return map as unknown as T
}
