/**
 * Operations and their reverts in words: the titles of steps, and the right-hand column of a plan.
 *
 * Apart from operation.ts because words change more often than verbs do. The first word of a description is always
 * the action, so that views can set it in a column of its own.
 */
import type { Instance, InstanceId } from './instance.js'
import { isOperation, type Operation, type OperationOf, type Revert, type Verb } from './operation.js'
import { showVersion } from './release.js'
import type { Command } from './spec.js'

type Instances = { readonly [id: InstanceId]: Instance }
type Describers = { readonly [V in Verb]: (operation: OperationOf<V>, instances: Instances) => string }

const asStep: Describers = {
  stage: ({ instance }, instances) => `stage ${named(instance, instances)}`,
  discard: ({ instance }, instances) => `discard ${named(instance, instances)}`,
  start: ({ instance }, instances) => `start ${named(instance, instances)}`,
  stop: ({ instance }, instances) => `stop ${named(instance, instances)}`,
  route: ({ from, to }, instances) => {
    const [old, next] = ends(from, to, instances)
    const either = instances[to ?? from ?? '']
    const move = old === next ? `${next} again` : `${old} → ${next}`
    return `switch ${either?.service ?? 'traffic'}: ${move}${place(either)}`
  },
  check: ({ instance }, instances) => `check ${named(instance, instances)}`,
  hook: ({ hook, command }) => `hook ${hook}: ${commandLine(command)}`,
  prune: ({ instance, keep }, instances) => {
    const { service } = instances[instance] ?? { service: instance }
    const what = keep.length === 0 ? 'all of its releases' : `all but ${count(keep.length, 'release')}`
    return `prune ${service}: ${what}${place(instances[instance])}`
  },
}

const asRevert: Describers = {
  stage: () => 'stage it again',
  discard: () => 'discard it',
  start: () => 'start it again',
  stop: () => 'stop it',
  route: ({ from, to }, instances) => {
    const [old, next] = ends(from, to, instances)
    if (old === next) return 'switch to it again'
    return to === null ? 'switch off again' : `switch back to ${next}`
  },
  check: () => 'check it again',
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

/** Both ends of a switch by version; by the instances' names where the versions are the same. */
function ends(
  from: InstanceId | null,
  to: InstanceId | null,
  instances: Instances,
): readonly [string, string] {
  const [old, next] = [instances[from ?? ''], instances[to ?? '']]
  const alike = old?.release.version === next?.release.version
  const show = (id: InstanceId | null, instance: Instance | undefined): string => {
    if (id === null) return 'nothing'
    if (instance === undefined) return id
    return alike ? instance.name : showVersion(instance.release.version)
  }
  return [show(from, old), show(to, next)]
}

/** Said only where there is a choice: not for the machine deployctl runs on. */
function place(instance: Instance | undefined): string {
  return instance === undefined || instance.host === 'local' ? '' : ` on ${instance.host}`
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
