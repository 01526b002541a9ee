/** Hooks: the moment fits, what undoes them makes sense, and where they run is there at that moment. */
import type { Json } from '../base/hash.js'
import type { Finding } from './finding.js'
import { hostsOption } from '../model/hosts-option.js'
import { momentsWithRelease } from './hook-moments.js'
import { childOf, entriesAt, textAt } from './tree.js'

const ofServices: ReadonlySet<string> = new Set(['beforeStart', 'beforeSwitch', 'afterSwitch'])

export function hookRules(tree: Json): readonly Finding[] {
  return entriesAt(tree, 'hooks').flatMap(([name, hook]) => [
    ...momentFindings(name, hook),
    ...undoFindings(name, hook),
    ...directoryFindings(name, hook),
    ...hostFindings(name, hook, tree),
  ])
}

/** Between staging and the end of a switch, time belongs to a service: a hook without one would run at no moment. */
function momentFindings(name: string, hook: Json): readonly Finding[] {
  const when = textAt(hook, 'when')
  if (when === undefined || !ofServices.has(when) || childOf(hook, 'service') !== undefined) return []
  const message = `hooks.${name}: ${when} is a moment of one service, and the hook names none`
  return [
    {
      path: ['hooks', name, 'when'],
      at: 'value',
      message,
      hint: 'Add service:, or use beforeDeploy or afterDeploy.',
    },
  ]
}

/** What runs after a failure is never undone: there is nothing left to unwind. */
function undoFindings(name: string, hook: Json): readonly Finding[] {
  if (textAt(hook, 'when') !== 'onFailure') return []
  return ['revert', 'irreversible'].flatMap((key): Finding[] => {
    if (childOf(hook, key) === undefined) return []
    const message = `hooks.${name}: "${key}" does nothing, because a hook of onFailure runs after everything was undone`
    return [{ path: ['hooks', name, key], at: 'key', message, hint: 'Remove it.' }]
  })
}

/** A hook of the whole deployment belongs to no host, and a release on another machine is not in a folder of this one. */
function hostFindings(name: string, hook: Json, tree: Json): readonly Finding[] {
  const service = textAt(hook, 'service')
  if (service === undefined) {
    return [
      ['at', 'host'],
      ['each', 'host'],
    ].flatMap(([key = '', value]): Finding[] => {
      if (textAt(hook, key) !== value) return []
      const message = `hooks.${name}: a hook of the whole deployment belongs to no host`
      return [{ path: ['hooks', name, key], at: 'value', message, hint: 'Add service:.' }]
    })
  }
  const hosts = childOf(childOf(childOf(childOf(tree, 'services'), service), 'target'), hostsOption)
  if (hosts === undefined) return []
  if (textAt(hook, 'at') !== 'controller' || textAt(hook, 'directory') !== 'release') return []
  const message = `hooks.${name}: the release folders of ${service} are on its hosts, not on the controller`
  return [
    {
      path: ['hooks', name, 'directory'],
      at: 'value',
      message,
      hint: 'Use directory: project, or at: host.',
    },
  ]
}

function directoryFindings(name: string, hook: Json): readonly Finding[] {
  const when = textAt(hook, 'when')
  if (textAt(hook, 'directory') !== 'release' || when === undefined) return []
  const at = { path: ['hooks', name, 'directory'], at: 'value', hint: 'Use directory: project.' } as const
  if (childOf(hook, 'service') === undefined) {
    return [{ ...at, message: `hooks.${name} names no service, so there is no release folder to run in` }]
  }
  if (momentsWithRelease.has(when)) return []
  return [{ ...at, message: `hooks.${name}: at ${when} there is no release folder to run in` }]
}
