/** Looking at a process target: what runs and what serves, beside what lies there. Changes nothing. */
import type { Drift } from '../../../model/change.js'
import { copyName, type Instance } from '../../../model/instance.js'
import type { InstanceReach, Observation, RecordedInstances, RunningInstance } from '../../../model/target.js'
import type { GenerationStatus } from './holder/protocol.js'
import { sayStandIn } from './holder/restart-rules.js'
import type { Sight } from './keeper.js'
import type { Place } from './place.js'

export async function inspectPlace(
  place: Place,
  recorded: RecordedInstances,
  signal: AbortSignal,
): Promise<Observation> {
  const seen = await place.releases.inspect(recorded, signal)
  const holder = await place.keeper.look(signal)
  const known = new Set([...recorded.active, ...recorded.previous].map(copyName))
  const running = runningOf(holder)
  const standIn = holder.kind === 'there' ? holder.status.standIn : null
  const strays = running.filter(({ name }) => !known.has(name) && name !== standIn?.by)
  return {
    ...seen,
    serving: servingOf(holder),
    running,
    drift: [
      ...seen.drift,
      ...recorded.active.flatMap((instance) => driftOf(holder, instance)),
      ...strays.map((one) => stray(place, seen.host, one)),
    ],
  }
}

function servingOf(holder: Sight): string | null {
  if (holder.kind === 'dead') return holder.left[0]?.name ?? null
  return holder.kind === 'there' ? (generationsAs(holder, 'serving')[0]?.name ?? null) : null
}

/** One that is stood in for counts as running: an unwind goes back to what stands in. */
function runningOf(holder: Sight): readonly RunningInstance[] {
  if (holder.kind === 'dead')
    return [...new Set(holder.left.map(({ name }) => name))].map((name) => ({ name, status: 'running' }))
  if (holder.kind === 'none') return []
  const { standIn } = holder.status
  const roles = ['serving', 'coming', 'trial'] as const
  const own = roles
    .flatMap((role) => generationsAs(holder, role))
    .map(({ name, ended }): RunningInstance => ({ name, status: ended === null ? 'running' : 'ended' }))
  return standIn === null ? own : [...own, { name: standIn.name, status: 'running' }]
}

function generationsAs(holder: Sight, role: GenerationStatus['role']): readonly GenerationStatus[] {
  return holder.kind === 'there' ? holder.status.generations.filter((one) => one.role === role) : []
}

function driftOf(holder: Sight, instance: Instance): readonly Drift[] {
  const name = copyName(instance)
  const says = whatIsWrong(holder, name)
  if (says === null) return []
  const { service, host } = instance
  return [{ service, host, kind: 'instanceMissing', instance: name, message: says, evidence: [] }]
}

/** No times and no numbers of processes: the same world, the same words. */
function whatIsWrong(holder: Sight, name: string): string | null {
  if (holder.kind === 'none') return `${name} is recorded as running, but nothing of it runs.`
  if (holder.kind === 'dead') {
    return holder.left.some((one) => one.name === name)
      ? `${name} runs, but the process that held its sockets and would start it again is gone.`
      : `${name} is recorded as running, but nothing of it runs.`
  }
  const { standIn } = holder.status
  if (standIn?.name === name) return sayStandIn(standIn)
  const serving = generationsAs(holder, 'serving')[0]
  if (serving?.name !== name)
    return serving === undefined
      ? `${name} is recorded as running, but nothing of it runs.`
      : `${name} is recorded as running, but ${serving.name} has its sockets.`
  return serving.ended === null ? null : `${name} does not stay up: ${serving.ended}.`
}

function stray({ service }: Place, host: string, { name }: RunningInstance): Drift {
  const message = `${name} runs, but nothing is recorded of it.`
  return { service, host, kind: 'instanceStray', instance: name, message, evidence: [] }
}

/** For checks: on trial by its own sockets, then by the real ones; where another stands in, that one. */
export async function reachInstance(
  place: Place,
  instance: Instance,
  signal: AbortSignal,
): Promise<InstanceReach> {
  const holder = await place.keeper.look(signal)
  const name = copyName(instance)
  const all = [...generationsAs(holder, 'trial'), ...generationsAs(holder, 'serving')]
  const standIn =
    holder.kind === 'there' && holder.status.standIn?.name === name ? holder.status.standIn : null
  const found = all.find((one) => one.name === (standIn?.by ?? name))
  const { shell, projectDirectory } = place.ports
  return {
    address: found?.address ?? null,
    ended: found === undefined ? (whatIsWrong(holder, name) ?? 'nothing of it runs') : found.ended,
    health: 'none',
    restarts: found?.restarts ?? 0,
    run: (command, { env, ...request }, stop) => {
      const { address, socket } = found ?? {}
      const host = address?.host.includes(':') === true ? `[${address.host}]` : address?.host
      const where = address ? `${host ?? ''}:${address.port}` : (socket ?? '')
      const directory = place.releases.folderOf(instance) ?? projectDirectory
      return shell.run({ command, directory, env: { ...env, DEPLOYCTL_ADDRESS: where }, ...request }, stop)
    },
  }
}
