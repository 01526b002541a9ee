/** What the schema cannot say of hosts: one name is one machine, wherever it stands. */
import type { Json } from '../base/hash.js'
import { hostOf, type WrittenHost } from '../model/host-entry.js'
import type { Finding } from './finding.js'
import { childOf, entriesAt, isList, isMap, type Path } from './tree.js'

export function hostRules(tree: Json): readonly Finding[] {
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
function listedHosts(tree: Json): readonly Listed[] {
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
