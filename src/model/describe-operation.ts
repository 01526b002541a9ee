/**
 * Operations and their reverts in words: the titles of steps, and the right-hand column of a plan.
 *
 * Apart from operation.ts because words change more often than verbs do. The first word of a description is always
 * the action, so that views can set it in a column of its own.
 */
import { formatDuration } from '../base/duration.js'
import { copyName, type Instance, type InstanceId } from './instance.js'
import {
  isOperation,
  type Operation,
  type OperationOf,
  type Revert,
  type Share,
  type Verb,
} from './operation.js'
import { showVersion } from './release.js'
import type { Command } from './spec.js'

type Instances = { readonly [id: InstanceId]: Instance }
type Describers = { readonly [V in Verb]: (operation: OperationOf<V>, instances: Instances) => string }

const asStep: Describers = {
  stage: ({ instance }, instances) => `stage ${named(instance, instances)}`,
  discard: ({ instance }, instances) => `discard ${named(instance, instances)}`,
  start: ({ instances: ids }, instances) => `start ${copies(ids, instances)}`,
  stop: ({ instances: ids }, instances) => `stop ${copies(ids, instances)}`,
  route: ({ from, to }, instances) => {
    const [old, next] = ends(from, to, instances)
    const either = instances[to[0]?.instance ?? from[0]?.instance ?? '']
    const move = old === next ? `${next} again` : `${old} → ${next}`
    return `switch ${either?.service ?? 'traffic'}: ${move}${place(either)}`
  },
  drain: ({ instances: ids, deadlineMs }, instances) =>
    `drain ${copies(ids, instances)}, at most ${formatDuration(deadlineMs)}`,
  check: ({ instances: ids }, instances) => `check ${copies(ids, instances)}`,
  watch: ({ instances: ids, forMs }, instances) =>
    `watch ${copies(ids, instances)} for ${formatDuration(forMs)}`,
  pause: ({ instances: ids, deadlineMs }, instances) =>
    `pause ${copies(ids, instances)} until it is approved, at most ${formatDuration(deadlineMs)}`,
  wait: ({ forMs }) => `wait ${formatDuration(forMs)}`,
  hook: ({ hook, host, at, command }) => {
    const where = host === undefined ? '' : ` ${at === 'host' ? 'on' : 'for'} ${host}`
    return `hook ${hook}${where}: ${commandLine(command)}`
  },
  prune: ({ instance, keep }, instances) => {
    const { service } = instances[instance] ?? { service: instance }
    const what = keep.length === 0 ? 'all of its releases' : `all but ${count(keep.length, 'release')}`
    return `prune ${service}: ${what}${place(instances[instance])}`
  },
}

const asRevert: Describers = {
  stage: () => 'stage it again',
  discard: () => 'discard it',
  start: ({ instances }) => `start ${them(instances)} again`,
  stop: ({ instances }) => `stop ${them(instances)}`,
  route: ({ from, to }, instances) => {
    const [old, next] = ends(from, to, instances)
    if (old === next) return 'switch to it again'
    return to.length === 0 ? 'switch off again' : `switch back to ${next}`
  },
  drain: () => 'drain it',
  check: () => 'check it again',
  watch: () => 'watch it',
  pause: () => 'wait',
  wait: () => 'wait',
  hook: ({ command }) => commandLine(command),
  prune: () => 'prune it',
}

/** `stage hello v1.0.1`, `switch hello: v1.0.0 → v1.0.1`, `hook migrate: bin/migrate up`. */
export function describeOperation(operation: Operation, instances: Instances): string {
  return describe(asStep, operation, instances)
}

/** `discard it`, `switch back to v1.0.0`, `bin/migrate down`, `–`, `cannot be undone: mails were sent`. */
export function describeRevert(revert: Revert, instances: Instances): string {
  if (isOperation(revert)) return describe(asRevert, revert, instances)
  if ('irreversible' in revert) return `cannot be undone: ${revert.irreversible}`
  return revert.because === undefined ? '–' : `– (${revert.because})`
}

/** A command as a person would type it; arguments with blanks are quoted. */
export function commandLine(command: Command): string {
  if ('shell' in command) return command.shell
  return command.run
    .map((part) => (/^[^\s'"$`\\]+$/.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`))
    .join(' ')
}

function describe<V extends Verb>(
  table: Describers,
  operation: OperationOf<V>,
  instances: Instances,
): string {
  // TypeScript does not follow that the verb of the operation chooses its own row.
  const row = table[operation.verb] as (operation: OperationOf<V>, instances: Instances) => string
  return row(operation, instances)
}

function named(id: InstanceId, instances: Instances): string {
  const instance = instances[id]
  if (instance === undefined) return id
  return `${instance.service} ${showVersion(instance.release.version)}${place(instance)}`
}

/** One copy by its release alone; several with their numbers: `web v1.4.2 (1, 2, 3)`. */
function copies(ids: readonly InstanceId[], instances: Instances): string {
  const [first = ''] = ids
  const instance = instances[first]
  if (instance === undefined) return ids.join(', ')
  const slots = ids.flatMap((id) => instances[id]?.slot ?? [])
  const which = slots.length === 0 ? '' : ` (${slots.join(', ')})`
  return `${instance.service} ${showVersion(instance.release.version)}${which}${place(instance)}`
}

function them(ids: readonly InstanceId[]): string {
  return ids.length > 1 ? 'them' : 'it'
}

/** Both ends of a switch by version; by the instances' names where the versions are the same. */
function ends(from: readonly Share[], to: readonly Share[], instances: Instances): readonly [string, string] {
  const versions = (shares: readonly Share[]): string => partsOf(shares, instances, byVersion).join(' + ')
  const [old, next] = [versions(from), versions(to)]
  const show = (shares: readonly Share[], key: (instance: Instance) => string): string =>
    shares.length === 0 ? 'nothing' : partsOf(shares, instances, key).join(' + ')
  const key = old === next ? copyName : byVersion
  return [show(from, key), show(to, key)]
}

function byVersion(instance: Instance): string {
  return showVersion(instance.release.version)
}

/** What shares the traffic, each with its part where there are several and the parts are not the same. */
function partsOf(
  shares: readonly Share[],
  instances: Instances,
  key: (instance: Instance) => string,
): readonly string[] {
  const total = shares.reduce((sum, { weight }) => sum + weight, 0)
  const parts = new Map<string, number>()
  for (const { instance: id, weight } of shares) {
    const instance = instances[id]
    const name = instance === undefined ? id : key(instance)
    parts.set(name, (parts.get(name) ?? 0) + weight)
  }
  if (parts.size === 1 || key === copyName) return [...parts.keys()]
  return [...parts].map(([name, weight]) => `${name} ${Math.round((weight / total) * 100)} %`)
}

/** Said only where there is a choice: not for the machine deployctl runs on. */
function place(instance: Instance | undefined): string {
  return instance === undefined || instance.host === 'local' ? '' : ` on ${instance.host}`
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
