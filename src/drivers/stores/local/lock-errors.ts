/** What is said to a person who meets another's lock: who has it, whether they are still at it, and what to do. */
import { DeployError } from '../../../base/deploy-error.js'
import { formatDuration } from '../../../base/duration.js'
import { showRecorded } from '../../../base/moment.js'
import type { LockHolder } from '../../../model/state-store.js'

/** A holder's heartbeat is a few seconds apart; the rest is for slow disks and clocks that differ. */
const silentMs = 60_000

export function lockedError(subject: string, holder: LockHolder, now: Date): DeployError {
  const who = `${holder.by} on ${holder.host} (pid ${holder.pid})`
  return new DeployError(
    'LOCKED',
    `${subject} is locked by ${who}: ${holder.operation}, since ${showRecorded(holder.created)}`,
    {
      hint: hintFor(holder, now),
      details: [
        `id: ${holder.id}`,
        `who: ${holder.by}`,
        `host: ${holder.host}`,
        `pid: ${holder.pid}`,
        `operation: ${holder.operation}`,
        `since: ${showRecorded(holder.created)}`,
        `last sign of life: ${showRecorded(holder.heartbeat)}`,
      ],
    },
  )
}

function hintFor(holder: LockHolder, now: Date): string {
  if (holder.liveness === 'alive') {
    return `It is at work on this machine. Wait until it ends, or stop it: kill -TERM ${holder.pid}`
  }
  const silentForMs = now.getTime() - Date.parse(holder.heartbeat)
  const silence =
    silentForMs > silentMs ? ` It has given no sign of life for ${formatDuration(silentForMs)}.` : ''
  return `Whether it is still at work cannot be seen from this machine.${silence} When you know that it is not: deployctl unlock ${holder.id}`
}

export function notTheHolderError(subject: string, id: string, holder: LockHolder | null): DeployError {
  if (holder === null) {
    return new DeployError('NOTHING_TO_RECOVER', `${subject} is not locked`, {
      hint: 'There is nothing to unlock.',
    })
  }
  return new DeployError('USAGE', `${subject} is not locked by ${id} but by ${holder.id}`, {
    hint: `It is ${holder.by} on ${holder.host}, since ${showRecorded(holder.created)}: ${holder.operation}. To remove that lock: deployctl unlock ${holder.id}`,
    details: [`id: ${holder.id}`],
  })
}
