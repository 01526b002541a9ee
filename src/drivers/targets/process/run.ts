/** Starting, switching and stopping: what the target asks of the holder, and in which order with the link `current`. */
import { stat } from 'node:fs/promises'
import { DeployError } from '../../../base/deploy-error.js'
import { copyName, type Instance } from '../../../model/instance.js'
import type { OperationContext, RoutedShare } from '../../../model/target.js'
import { releasePaths } from '../directory/layout.js'
import type { Keeping, Keeper } from './keeper.js'
import type { Place } from './place.js'
import { recipeOf } from './recipe.js'

/** What the holder may take beside the program's own times. */
const allowanceMs = 60_000
const lookEveryMs = 100

/** On trial: with sockets of its own, so that it can be judged before anybody depends on it. */
export async function startInstance(
  place: Place,
  instance: Instance,
  { signal }: OperationContext,
): Promise<void> {
  await refuseMissing(place, instance)
  const recipe = await recipeOf(place, instance, signal)
  await place.keeper.ask({ ask: 'try', recipe }, endsWithinMs(place), signal)
}

async function refuseMissing({ layout }: Place, instance: Instance): Promise<void> {
  const { folder } = releasePaths(layout, instance.name)
  const facts = await stat(folder).catch(() => null)
  if (facts?.isDirectory() === true) return
  const says = `${instance.service} cannot run ${instance.name}: ${folder} is not there.`
  throw new DeployError('TARGET_REFUSED', says, {
    hint: 'It was removed by hand. Deploy or roll back once more: the release is then fetched and staged again.',
  })
}

/** The sockets first, then the link: whoever looks at the link finds what serves. */
export async function routeTo(
  place: Place,
  from: readonly RoutedShare[],
  to: readonly RoutedShare[],
  context: OperationContext,
): Promise<void> {
  const { signal } = context
  const next = to[0]?.instance ?? null
  if (next === null) await place.keeper.askIfThere({ ask: 'rest' }, allowanceMs, signal)
  else {
    await refuseMissing(place, next)
    const recipe = await recipeOf(place, next, signal)
    const withinMs = 2 * endsWithinMs(place) + place.options.settings.settleMs
    await vacate(place.rival, endsWithinMs(place), signal)
    await withLastWords(place, next, place.keeper.ask({ ask: 'serve', recipe }, withinMs, signal), signal)
  }
  await place.releases.route(from, to, context)
}

/** Sockets cannot be had from the one who has them: after a change of `supervisor` that one ends first. */
async function vacate(rival: Keeper, withinMs: number, signal: AbortSignal): Promise<void> {
  const sight = await rival.look(signal)
  if (sight.kind === 'none') return
  const names = sight.kind === 'there' ? sight.status.generations : sight.left
  for (const { name } of names) await rival.askIfThere({ ask: 'stop', name }, withinMs, signal)
  await rival.askIfThere({ ask: 'quit' }, withinMs, signal)
}

/** A failure of the switch is told with what the program said; of other steps the engine does so. */
async function withLastWords(
  place: Place,
  instance: Instance,
  asked: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await asked
  } catch (error) {
    if (!(error instanceof DeployError)) throw error
    const said = await place.output.lastLines(instance.name, signal)
    const details = [...error.details, ...said.map((line) => place.ports.secrets.mask(line))]
    const { hint } = error
    throw new DeployError(error.code, error.message, {
      details,
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    })
  }
}

/** Those that lost the sockets have been asked to end by the switch. */
export async function drainInstances(
  place: Place,
  instances: readonly Instance[],
  deadlineMs: number,
  { signal }: OperationContext,
): Promise<void> {
  const names = instances.map(copyName)
  const { clock } = place.ports
  const endMs = clock.monotonicMs() + deadlineMs
  for (;;) {
    const holder = await place.keeper.look(signal)
    if (holder.kind !== 'there' || !isLeaving(holder.status, names) || clock.monotonicMs() >= endMs) return
    await clock.sleep(lookEveryMs, signal)
    signal.throwIfAborted()
  }
}

function isLeaving({ generations }: Keeping, names: readonly string[]): boolean {
  return generations.some(({ name, role }) => role === 'leaving' && names.includes(name))
}

/** `name` as `copyName` says it. */
export async function stopInstance(
  place: Place,
  name: string,
  { signal }: Pick<OperationContext, 'signal'>,
): Promise<void> {
  await place.keeper.askIfThere({ ask: 'stop', name }, endsWithinMs(place), signal)
}

/** Trials that nobody knows of any more. */
export async function stopStrays(
  place: Place,
  keep: readonly string[],
  context: OperationContext,
): Promise<void> {
  const holder = await place.keeper.look(context.signal)
  if (holder.kind !== 'there') return
  for (const { name, role } of holder.status.generations) {
    if (role === 'trial' && !keep.includes(name)) await stopInstance(place, name, context)
  }
}

/** When nothing runs any more, the sockets are closed; that is told by who leaves the place last. */
export async function quitIfIdle(place: Place): Promise<void> {
  const never = new AbortController().signal // a place is left also after an interruption
  const holder = await place.keeper.look(never)
  if (holder.kind === 'none') return
  if (holder.kind === 'there' && holder.status.generations.some(({ role }) => role !== 'leaving')) return
  if (holder.kind === 'dead' && holder.left.length > 0) return
  await place.keeper.askIfThere({ ask: 'quit' }, endsWithinMs(place), never)
}

function endsWithinMs({ options }: Place): number {
  return options.settings.stopTimeoutMs + allowanceMs
}
