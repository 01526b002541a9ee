/** What the schema cannot say of hosts: one name is one machine, wherever it stands. */
import type { Json } from '../base/hash.js'
import { didYouMean } from '../base/nearest.js'
import { hostOf, type WrittenHost } from '../model/host-entry.js'
import { localHost } from '../model/host-spec.js'
import { hostsOption } from '../model/hosts-option.js'
import type { Finding } from './finding.js'
import { childOf, entriesAt, isList, isMap, textAt, textsAt, type Path } from './tree.js'

export function hostRules(tree: Json): readonly Finding[] {
  return [...clashes(tree), ...taken(tree), ...unknownWords(tree)]
}

/** `local` is the machine deployctl runs on. */
function taken(tree: Json): readonly Finding[] {
  return listedHosts(tree).flatMap(({ path, written }): readonly Finding[] => {
    if (hostOf(written).name !== localHost) return []
    const message = `a host cannot be called "${localHost}": that is the machine deployctl runs on`
    return [{ path, at: 'value', message, hint: 'Give it another name: { name: …, address: … }.' }]
  })
}

/** What services name is there, as far as that can be known without asking an inventory. */
function unknownWords(tree: Json): readonly Finding[] {
  const groups = entriesAt(tree, 'hosts')
  if (groups.some(([, list]) => !isList(list))) return []
  const known = new Set([
    ...groups.map(([group]) => group),
    ...listedHosts(tree).map(({ written }) => hostOf(written).name),
  ])
  return entriesAt(tree, 'services').flatMap(([service, value]) => {
    const target = childOf(value, 'target')
    const path = ['services', service, 'target', hostsOption]
    const single = textAt(target, hostsOption)
    const words: readonly (readonly [Path, string])[] =
      single === undefined
        ? textsAt(target, hostsOption).map(([index, word]) => [[...path, index], word])
        : [[path, single]]
    return words.flatMap(([at, word]): readonly Finding[] => {
      if (known.has(word)) return []
      const hint =
        didYouMean(word, known).trim() ||
        (known.size === 0 ? 'None is declared: write it below hosts.' : `Declared: ${[...known].join(', ')}.`)
      return [{ path: at, at: 'value', message: `there is no host or group of hosts "${word}"`, hint }]
    })
  })
}

function clashes(tree: Json): readonly Finding[] {
  const known = new Map<string, { readonly same: string; readonly group: string }>()
  return listedHosts(tree).flatMap(({ path, group, written }): readonly Finding[] => {
    const host = hostOf(written)
    const same = JSON.stringify(host)
    const other = known.get(host.name)
    if (other === undefined) known.set(host.name, { same, group })
    if (other === undefined || (other.same === same && other.group !== group)) return []
    const message =
      other.same === same
        ? `the host ${host.name} stands twice in the group ${group}`
        : `the host ${host.name} is another one here than in the group ${other.group}`
    const hint = 'Give each machine a name of its own, or write it the same everywhere (an anchor helps).'
    return [{ path, at: 'value', message, hint }]
  })
}

interface Listed {
  readonly path: Path
  readonly group: string
  readonly written: WrittenHost
}

/** Those that have the right shape. */
export function listedHosts(tree: Json): readonly Listed[] {
  return entriesAt(tree, 'hosts').flatMap(([group, list]) =>
    (isList(list) ? list : []).flatMap((written, index): readonly Listed[] => {
      const isHost =
        typeof written === 'string' || (isMap(written) && typeof childOf(written, 'address') === 'string')
      if (!isHost) return []
      // validation tells what else is wrong with it
      return [{ path: ['hosts', group, String(index)], group, written: written as unknown as WrittenHost }]
    }),
  )
}
